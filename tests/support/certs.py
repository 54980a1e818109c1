"""Certificates for tests, made by openssl, and an HTTPS participant that knows its peer."""

import http.server
import os
import ssl
import subprocess
import threading


class Authority:
    """A CA of its own in a folder; issue() makes a certificate and key signed by it."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name, self.n = str(folder), name, 0
        self.cert, self.key = self._path(name, "crt"), self._path(name, "key")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                      "-subj", "/CN=" + name, "-keyout", self.key, "-out", self.cert)

    def _path(self, name, ending):
        return os.path.join(self.folder, "%s.%s" % (name, ending))

    @staticmethod
    def _openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True)

    def issue(self, name, host="127.0.0.1"):
        """(certificate, key) paths; valid for the address `host`."""
        self.n += 1
        base = "%s-%s-%d" % (self.name, name, self.n)
        cert, key, request, more = (self._path(base, e) for e in ("crt", "key", "csr", "ext"))
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-subj", "/CN=" + name, "-keyout", key, "-out", request)
        with open(more, "w") as f:
            f.write("subjectAltName=IP:%s\n" % host)
        self._openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key,
                      "-CAcreateserial", "-days", "2", "-extfile", more, "-out", cert)
        return cert, key


class SecureParticipant:
    """Answers 200 {"ok": true} over TLS; `peers`: the client certificate's name of each
    request, None without one."""

    def __init__(self, cert, key, client_ca=None, versions=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        if versions is not None:
            context.minimum_version, context.maximum_version = versions
            context.set_ciphers("ALL:@SECLEVEL=0")
        self.context = context
        self.peers = []
        self.connections = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen = self.connection.getpeercert()
                outer.peers.append(seen and seen["subject"][0][0][1])
                outer.connections.append(self.client_address)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "12")
                self.end_headers()
                self.wfile.write(b'{"ok": true}')

            do_POST = do_GET = answer

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request, address):
                try:
                    secure = outer.context.wrap_socket(request, server_side=True)
                except (ssl.SSLError, OSError):
                    return
                Handler(secure, address, self)

            def handle_error(self, request, address):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "https://127.0.0.1:%d" % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)
