"""git_server.py ROOT PORT_FILE: real git http-backend on 127.0.0.1, beside static files and a Git LFS server.

  /git/…        git http-backend over ROOT/git
  /git/NAME.git/info/lfs/objects/batch   the batch API; large files lie in ROOT/lfs under their SHA-256
  /lfs/SHA256   one of them, only with the header that the batch API names
  /files/…      ROOT/files
"""
import http.server
import json
import os
import subprocess
import sys

root, port_file = sys.argv[1:]
backend = os.path.join(subprocess.check_output(["git", "--exec-path"], text=True).strip(), "git-http-backend")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, data, kind="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def large_files(self, question):
        objects = []
        for wanted in json.loads(question)["objects"]:
            one = {"oid": wanted["oid"], "size": wanted["size"]}
            if os.path.exists(os.path.join(root, "lfs", wanted["oid"])):
                url = "http://127.0.0.1:%d/lfs/%s" % (self.server.server_port, wanted["oid"])
                one["actions"] = {"download": {"href": url, "header": {"Authorization": "Basic kit"}}}
            else:
                one["error"] = {"code": 404, "message": "no such file"}
            objects.append(one)
        data = json.dumps({"transfer": "basic", "objects": objects}).encode()
        self.answer(200, data, "application/vnd.git-lfs+json")

    def file(self, directory, name):
        path = os.path.normpath(os.path.join(root, directory, name.lstrip("/")))
        if not path.startswith(os.path.join(root, directory) + "/") or not os.path.isfile(path):
            return self.answer(404, b"")
        with open(path, "rb") as file:
            self.answer(200, file.read())

    def git(self, path, query, data):
        environment = {
            "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_PROJECT_ROOT": os.path.join(root, "git"),
            "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(data)),
            "REMOTE_ADDR": "127.0.0.1", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        if self.headers.get("Content-Encoding"):
            environment["HTTP_CONTENT_ENCODING"] = self.headers["Content-Encoding"]
        result = subprocess.run([backend], input=data, env=environment, capture_output=True, check=False)
        head, _, content = result.stdout.partition(b"\r\n\r\n")
        status = 200
        headers = []
        for line in head.decode().split("\r\n"):
            key, _, value = line.partition(": ")
            if key == "Status":
                status = int(value.split()[0])
            elif key:
                headers.append((key, value))
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def serve(self):
        data = self.body()
        path, _, query = self.path.partition("?")
        if path.endswith("/info/lfs/objects/batch"):
            self.large_files(data)
        elif path.startswith("/lfs/"):
            if self.headers.get("Authorization") != "Basic kit":
                return self.answer(403, b"")
            self.file("lfs", path[5:])
        elif path.startswith("/files/"):
            self.file("files", path[7:])
        else:
            self.git(path.removeprefix("/git"), query, data)

    do_GET = do_POST = serve


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file + ".new", "w", encoding="ascii") as file:
    file.write(str(server.server_port))
os.rename(port_file + ".new", port_file)
server.serve_forever()
