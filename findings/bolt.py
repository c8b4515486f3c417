# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Bolt 5.8 as it stands on the wire, to a server without authentication: for what no driver lets one do."""
import socket
import struct

BEGIN, COMMIT, RUN, PULL, DISCARD, HELLO, LOGON, RESET = 0x11, 0x12, 0x10, 0x3F, 0x2F, 0x01, 0x6A, 0x0F
SUCCESS, RECORD, FAILURE = 0x70, 0x71, 0x7F


class Structure:
    def __init__(self, tag, *fields):
        self.tag, self.fields = tag, list(fields)

    def __repr__(self):
        return f"{self.tag:02X}{self.fields}"


def pack(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return b"\xcb" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xc1" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"\xd2" + struct.pack(">I", len(value.encode())) + value.encode()
    if isinstance(value, list):
        return b"\xd6" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        return b"\xda" + struct.pack(">I", len(value)) + b"".join(pack(key) + pack(item) for key, item in value.items())
    return bytes([0xB0 + len(value.fields), value.tag]) + b"".join(map(pack, value.fields))


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def items(self, kind, size):
        if kind == 0x80:
            return self.take(size).decode()
        if kind == 0x90:
            return [self.value() for _ in range(size)]
        return {self.value(): self.value() for _ in range(size)}

    def value(self):
        mark = self.number(1)
        if mark < 0x80 or mark >= 0xF0:
            return mark - 256 if mark >= 0xF0 else mark
        if mark < 0xB0:
            return self.items(mark & 0xF0, mark & 0x0F)
        if mark < 0xC0:
            return Structure(self.number(1), *[self.value() for _ in range(mark & 0x0F)])
        if mark in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[mark]
        if mark == 0xC1:
            return struct.unpack(">d", self.take(8))[0]
        if 0xC8 <= mark <= 0xCB:
            return int.from_bytes(self.take(1 << (mark - 0xC8)), "big", signed=True)
        return self.items({0xD0: 0x80, 0xD4: 0x90, 0xD8: 0xA0}[mark & 0xFC], self.number(1 << (mark & 3)))


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.sendall(b"\x60\x60\xb0\x17\0\0\x08\x05" + bytes(12))
        self.receive(4)
        self.call(HELLO, {"user_agent": "finding/1", "bolt_agent": {"product": "finding/1"}})
        self.call(LOGON, {"scheme": "none"})

    def receive(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise EOFError("the server has closed the connection")
            data += part
        return data

    def answer(self):
        data = b""
        while True:
            size = int.from_bytes(self.receive(2), "big")
            if size:
                data += self.receive(size)
            elif data:
                return Reader(data).value()

    def call(self, tag, *fields):
        """The summary of an answer, after its records: a map; a failure is its message, and is reset."""
        message = pack(Structure(tag, *fields))
        self.socket.sendall(struct.pack(">H", len(message)) + message + b"\0\0")
        self.records = []
        while (answer := self.answer()).tag == RECORD:
            self.records.append(answer.fields[0])
        if answer.tag != FAILURE:
            return answer.fields[0]
        self.call(RESET)
        return answer.fields[0]["message"]

    def rows(self, query, **parameters):
        """All rows of a query in a transaction of its own; or the words of its failure."""
        started = self.call(RUN, query, parameters, {})
        if isinstance(started, str):
            return started
        ended = self.call(PULL, {"n": -1})
        return ended if isinstance(ended, str) else self.records
