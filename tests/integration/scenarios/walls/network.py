"""Looks for a way out through the network."""

import os
import socket

from tries import Tries, honest


def save(path):
    tries = Tries(10)
    for family, address in (
        (socket.AF_INET, ("1.1.1.1", 443)),
        (socket.AF_INET, ("169.254.169.254", 80)),
        (socket.AF_INET, ("172.17.0.1", 2375)),
        (socket.AF_INET6, ("2606:4700:4700::1111", 443, 0, 0)),
    ):
        tries.refused("stream to {}".format(address[0]), _connect, family, address)
        tries.refused("datagram to {}".format(address[0]), _send, family, address)
    for name in ("example.org", "pypi.org", "host.docker.internal"):
        tries.refused("name {}".format(name), socket.getaddrinfo, name, 443)
    tries.refused("raw packets", socket.socket, socket.AF_PACKET, socket.SOCK_RAW, 0x0300)
    tries.refused("raw internet", socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    tries.refused("the machine that this one runs on", socket.socket, socket.AF_VSOCK, socket.SOCK_STREAM)
    tries.same("interfaces", ["lo"], sorted(name for name in os.listdir("/sys/class/net") if _up(name)))
    for path_of_engine in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"):
        tries.same(path_of_engine, False, os.path.exists(path_of_engine))
    tries.end()
    return honest(path)


def _connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        connection.connect(address)


def _send(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.sendto(b"hello", address)


def _up(name):
    with open("/sys/class/net/{}/flags".format(name)) as file:
        return bool(int(file.read(), 16) & 1)
