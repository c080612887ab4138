"""Folders of every kind that files are written to: by a path, by a URL, in an object store, where files are moved."""

import errno
import os
import re
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from pyarrow import fs


class Folder(NamedTuple):
    """A folder that is not there yet.

    Attributes
    ----------
    given : what names it: a path or a URL
    content : its files by name, hidden ones, too, as bytes
    store : where it is one of an object store
    """

    given: str | Path
    content: MutableMapping[str, bytes]
    store: "ObjectStore | None" = None

    def below(self, name: str) -> str | Path:
        """What names a file in it."""
        if isinstance(self.given, Path):
            return self.given / name
        plain, question, query = self.given.partition("?")
        return f"{plain}/{name}{question}{query}"


class Files(MutableMapping[str, bytes]):
    """The files of a folder on a disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        if name not in list(self):
            raise KeyError(name)
        return (self._folder / name).read_bytes()

    def __setitem__(self, name: str, content: bytes) -> None:
        self._folder.mkdir(exist_ok=True)
        (self._folder / name).write_bytes(content)

    def __delitem__(self, name: str) -> None:
        (self._folder / name).unlink()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(os.listdir(self._folder)) if self._folder.is_dir() else [])

    def __len__(self) -> int:
        return len(list(iter(self)))


class Objects(MutableMapping[str, bytes]):
    """The objects below a folder's name; an object of its own name, with a slash, stands for the folder."""

    def __init__(self, objects: dict[str, bytes], folder: str) -> None:
        self._objects, self._start = objects, f"{folder}/"

    def __getitem__(self, name: str) -> bytes:
        return self._objects[self._start + name]

    def __setitem__(self, name: str, content: bytes) -> None:
        self._objects[self._start + name] = content

    def __delitem__(self, name: str) -> None:
        del self._objects[self._start + name]

    def __iter__(self) -> Iterator[str]:
        names = (name.removeprefix(self._start) for name in sorted(self._objects) if name.startswith(self._start))
        return filter(None, names)

    def __len__(self) -> int:
        return len(list(iter(self)))


class ObjectStore:
    """As much of S3 as Arrow asks for: one bucket, called "bucket"; an upload is an object when it is completed.

    Attributes
    ----------
    objects : by their keys
    meets : by a step, what is called when it is asked for; where it returns True, the step is refused. Steps are
        "begin", "part 1", "part 2", ..., "complete", "read", "list" and "delete"
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: list[dict[int, bytes]] = []
        self.meets: dict[str, Callable[[], object]] = {}
        store = self

        class Handler(_Handler):
            here = store

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that has been killed says no goodbye."""

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str) -> str:
        settings = f"endpoint_override=127.0.0.1:{self.server.server_port}&scheme=http&region=here"
        return f"s3://key:secret@{path}?{settings}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _chunks(file: Any) -> bytes:
    """What is framed in chunks, by HTTP or by S3."""
    found = b""
    while size := int(file.readline().split(b";")[0], 16):
        found += file.read(size)
        file.readline()
    while file.readline().strip():
        pass
    return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    here: ObjectStore

    def log_message(self, *_: Any) -> None:
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = _chunks(self.rfile)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return _chunks(BytesIO(body)) if "aws-chunked" in self.headers.get("Content-Encoding", "") else body

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        length = headers.pop("length", str(len(body)))
        for name, value in {"Content-Length": length, "ETag": '"tag"', **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _refused(self, step: str) -> bool:
        refused = self.here.meets.get(step, bool)() is True
        if refused:
            self._error(403, "AccessDenied")
        return refused

    def _any(self) -> None:
        url = urlsplit(self.path)
        asked = {name: found[0] for name, found in parse_qs(url.query, keep_blank_values=True).items()}
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        body = self._body()
        if bucket != "bucket":
            self._error(404, "NoSuchBucket")
        elif "list-type" in asked:
            self._list(asked.get("prefix", ""), asked.get("delimiter"), int(asked.get("max-keys", 1000)))
        elif self.command in ("HEAD", "GET"):
            self._read(key)
        elif self.command == "POST" and "uploads" in asked:
            if not self._refused("begin"):
                named = f"<UploadId>{len(self.here.uploads)}</UploadId>"
                self.here.uploads.append({})
                self._answer(200, f"<InitiateMultipartUploadResult>{named}</InitiateMultipartUploadResult>".encode())
        elif self.command == "POST":
            if not self._refused("complete"):
                parts = self.here.uploads[int(asked["uploadId"])]
                self.here.objects[key] = b"".join(parts[number] for number in sorted(parts))
                self._answer(200, b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
        elif self.command == "PUT" and "uploadId" in asked:
            if not self._refused(f"part {asked['partNumber']}"):
                self.here.uploads[int(asked["uploadId"])][int(asked["partNumber"])] = body
                self._answer(200)
        elif self.command == "PUT":
            self.here.objects[key] = body
            self._answer(200)
        elif not self._refused("delete"):
            self.here.objects.pop(key, None)
            self._answer(204)

    do_HEAD = do_GET = do_PUT = do_POST = do_DELETE = _any

    def _read(self, key: str) -> None:
        content = self.here.objects.get(key) if key else b""
        if content is None:
            self._error(404, "NoSuchKey")
        elif self.command == "HEAD":
            self._answer(200, length=str(len(content)), Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")
        elif not self._refused("read"):
            whole = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
            assert whole is not None
            start, end = int(whole[1]), min(int(whole[2] or len(content)), len(content) - 1)
            self._answer(206, content[start : end + 1], Content_Range=f"bytes {start}-{end}/{len(content)}")

    def _list(self, prefix: str, delimiter: str | None, most: int) -> None:
        if self._refused("list"):
            return
        found, folders = "", set()
        keys = [key for key in sorted(self.here.objects) if key.startswith(prefix)][:most]
        for key in keys:
            head, slash, _ = key[len(prefix) :].partition("/")
            if delimiter and slash:
                folders.add(f"{prefix}{head}/")
            else:
                size = len(self.here.objects[key])
                found += f"<Contents><Key>{key}</Key><Size>{size}</Size><ETag>tag</ETag></Contents>"
        found += "".join(f"<CommonPrefixes><Prefix>{one}</Prefix></CommonPrefixes>" for one in sorted(folders))
        found = f"<KeyCount>{len(keys)}</KeyCount><IsTruncated>false</IsTruncated>{found}"
        self._answer(200, f"<ListBucketResult>{found}</ListBucketResult>".encode())


class Moving:
    """A file system that is no object store and on no disk of this machine, as HDFS is none; see `Folder`."""

    type_name = "hdfs"

    def __init__(self) -> None:
        self._system = fs.LocalFileSystem()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)


def by_path(folder: Path) -> Iterator[Folder]:
    yield Folder(folder, Files(folder))


def by_url(folder: Path) -> Iterator[Folder]:
    yield Folder(folder.as_uri(), Files(folder))


def in_a_store(folder: Path) -> Iterator[Folder]:
    store = ObjectStore()
    yield Folder(store.url(f"bucket/{folder.name}"), Objects(store.objects, folder.name), store)
    store.close()


def moving(folder: Path) -> Iterator[Folder]:
    def from_uri(url: str) -> tuple[Moving, str]:
        return Moving(), urlsplit(url).path

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fs, "FileSystem", SimpleNamespace(from_uri=from_uri))
        yield Folder(f"hdfs://here{folder.as_posix()}", Files(folder))


FOLDERS: dict[str, Callable[[Path], Iterator[Folder]]] = {
    "path": by_path,
    "file URL": by_url,
    "object store": in_a_store,
    "moving": moving,
}


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Folder]:
    """A folder of a kind of FOLDERS, for as long as the block takes."""
    yield from FOLDERS[kind](folder)


def break_writing(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every file of a folder fail when some of it has been written, until this is undone; the failures.

    A disk is full, the store refuses the second part of 10 MB, and the file system stops in the middle.
    """
    met: list[str] = []

    def full(*_: Any) -> None:
        met.append("fsync")
        raise OSError(errno.ENOSPC, "No space left on device")

    def refused() -> bool:
        met.append("part 2")
        return True

    def half(self: Moving, path: str, compression: object) -> Any:
        stream = self._system.open_output_stream(path, compression=compression)

        def write(content: bytes) -> None:
            stream.write(memoryview(content)[: len(content) // 2])
            met.append(path)
            raise OSError(errno.ENOSPC, "No space left on device")

        return SimpleNamespace(write=write, close=stream.close)

    if folder.store is not None:
        monkeypatch.setitem(folder.store.meets, "part 2", refused)
    else:
        monkeypatch.setattr("chainrule.files.os.fsync", full)
        monkeypatch.setattr(Moving, "open_output_stream", half, raising=False)
    return met
