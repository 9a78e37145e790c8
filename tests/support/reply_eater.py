"""A Redis proxy that forwards the push of a job to the server, and hangs up before the reply."""

import contextlib
import socket
import threading
from pathlib import Path
from select import select

PUSH = b"EVALSHA"  # RQ pushes unique jobs with a script
NOT_YET_LOADED = b"-NOSCRIPT"


class ReplyEater:
    """Listens on a unix socket; ``eaten`` counts the pushes whose reply was lost."""

    def __init__(self, server: Path, path: Path) -> None:
        self.url = f"unix://{path}?db=0"
        self.eaten = 0
        self._server = str(server)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, contextlib.suppress(OSError):
            server.connect(self._server)
            is_push = False
            while True:
                source = select([client, server], [], [])[0][0]
                if not (data := source.recv(1 << 16)):
                    return
                if source is client:
                    is_push = PUSH in data
                    server.sendall(data)
                elif is_push and not data.startswith(NOT_YET_LOADED):
                    self.eaten += 1
                    return
                else:
                    client.sendall(data)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
