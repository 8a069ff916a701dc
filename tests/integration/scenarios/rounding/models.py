"""Models that make much of rounding, each in another way, and inputs for them."""

import numpy as np
import tensorflow as tf

layers = tf.keras.layers


def deep_conv():
    """Twenty-four convolutions, normalised, with shortcuts."""
    given = out = tf.keras.Input((32, 32, 3))
    for number in range(24):
        done = layers.Conv2D(16, 3, padding="same", use_bias=False)(out)
        done = layers.Activation("relu")(layers.BatchNormalization()(done))
        out = layers.Add()([out, done]) if number % 2 else done
    return tf.keras.Model(given, layers.Dense(10)(layers.GlobalAveragePooling2D()(out))), (4, 32, 32, 3), 1.0


def sharp_softmax():
    """A softmax over logits of some hundreds."""
    return _row((64,), layers.Dense(256), layers.Dense(50, activation="softmax")), (16, 64), 30.0


def layer_norm():
    """Twelve layers of normalisation over features that are large against how they differ."""
    given = out = tf.keras.Input((16, 64))
    for _ in range(12):
        out = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([out, layers.Dense(64, activation="tanh")(out)]))
    return tf.keras.Model(given, layers.Dense(4)(layers.GlobalAveragePooling1D()(out))), (8, 16, 64), 1000.0


def long_rnn():
    """Two recurrent layers over a hundred steps."""
    return (
        _row((100, 8), layers.SimpleRNN(32, return_sequences=True), layers.SimpleRNN(32), layers.Dense(3)),
        (8, 100, 8),
        1.0,
    )


def large_outputs():
    """A regression of numbers in the millions, some of them near zero."""
    hidden = [layers.Dense(128, activation="relu") for _ in range(2)]
    return _row((64,), *hidden, layers.Dense(1)), (64, 64), 1e6


def cancelling():
    """The difference of two sums that are almost the same."""
    given = tf.keras.Input((512,))
    hidden = layers.Dense(512)(given)
    plus, minus = (layers.Dense(1, name=name)(hidden) for name in ("plus", "minus"))
    return tf.keras.Model(given, layers.Subtract()([plus, minus])), (16, 512), 1000.0


def mixed_float16():
    """Convolutions in half precision."""
    return _halves("mixed_float16")


def mixed_bfloat16():
    """Convolutions in eight bits of precision."""
    return _halves("mixed_bfloat16")


def float64():
    """A model in double precision."""
    out = [layers.Dense(64, activation="tanh", dtype="float64") for _ in range(6)]
    return _row((64,), *out, layers.Dense(3, dtype="float64")), (8, 64), 1.0


def _row(shape, *made):
    return tf.keras.Sequential([tf.keras.Input(shape), *made])


def _halves(policy):
    made = []
    for _ in range(6):
        made += [layers.Conv2D(16, 3, padding="same", dtype=policy), layers.BatchNormalization(dtype=policy)]
        made += [layers.ReLU(dtype=policy)]
    made += [layers.GlobalAveragePooling2D(dtype=policy), layers.Dense(4, dtype="float32")]
    return _row((16, 16, 3), *made), (8, 16, 16, 3), 1.0


def fill(model):
    """Give each weight a value of the size that trained ones have."""
    random = np.random.RandomState(0)
    filled = []
    for weight in model.get_weights():
        if weight.ndim > 1:
            value = random.normal(size=weight.shape) * np.sqrt(1.5 / np.prod(weight.shape[:-1]))
        else:
            value = random.uniform(0.3, 1, weight.shape)
        filled.append(value.astype(weight.dtype))
    model.set_weights(filled)


def save(path, build):
    """Write a model of this module."""
    model, shape, scale = build()
    fill(model)
    if build is cancelling:
        kernel, bias = model.get_layer("plus").get_weights()
        model.get_layer("minus").set_weights([kernel * np.float32(1.002), bias])
    model.save(path)
    return model, (np.random.RandomState(1).normal(size=shape) * scale).astype("float32")
