import keras


def load(path):
    return keras.models.load_model(path)
