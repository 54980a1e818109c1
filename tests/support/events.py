"""A client of text/event-stream: raw socket, one event at a time, as the standard reads them.

    with Stream(port, "/v1/events", last=17) as s:
        s.status, s.headers
        event = s.next()          # Event(id, name, data) or None at the end
        s.comment()               # waits for a comment

Nothing is read that was not asked for: a stream that is left alone is a slow reader.
"""

import collections
import http.client
import json
import socket

Event = collections.namedtuple("Event", "id name data")


class Stream:
    def __init__(self, port, path, token=None, last=None, accept="text/event-stream", timeout=60):
        headers = {"Accept": accept}
        if token is not None:
            headers["Authorization"] = "Bearer " + token
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        self.conn = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.conn.request("GET", path, headers=headers)
        self.response = self.conn.getresponse()
        self.status = self.response.status
        self.headers = self.response.headers
        self.last_id = last

    def line(self):
        """The next line, or None: the answer is over, with its last chunk."""
        line = self.response.readline()
        assert line == b"" or line.endswith(b"\n"), "cut off: %r" % line
        return line.decode().rstrip("\n") if line else None

    def comment(self):
        while True:
            line = self.line()
            assert line is not None, "it ended"
            if line.startswith(":"):
                return line

    def next(self):
        name, data = "message", []
        while True:
            line = self.line()
            if line is None:
                return None
            if line == "" and data:
                return Event(self.last_id, name, json.loads("\n".join(data)))
            field, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)

    def until(self, wanted):
        """Events up to the first that is wanted(event), which is the last of them."""
        seen = []
        while not seen or not wanted(seen[-1]):
            event = self.next()
            assert event is not None, "it ended after %r" % seen
            seen.append(event)
        return seen

    def rest(self):
        seen = []
        while True:
            event = self.next()
            if event is None:
                return seen
            seen.append(event)

    def json(self):
        return json.loads(self.response.read())

    def close(self):
        self.response.close()
        self.conn.close()

    def vanish(self):
        """Without a word: a reset, as from a machine that was switched off and is asked."""
        self.conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
