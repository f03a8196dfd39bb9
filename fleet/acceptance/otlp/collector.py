"""A collector that reads logs by the published messages of OTLP, and by nothing else: what they do not know is refused."""
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            request = json_format.Parse(body, ExportLogsServiceRequest())
        except json_format.ParseError as error:
            print(json.dumps({"error": str(error)}), flush=True)
            return self.reply(400)
        for resource in request.resource_logs:
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    attributes = {each.key: each.value.string_value or each.value.int_value for each in record.attributes}
                    print(json.dumps({
                        "path": self.path,
                        "authorization": self.headers["Authorization"],
                        "service": resource.resource.attributes[0].value.string_value,
                        "name": record.event_name,
                        "severity": record.severity_number,
                        "time": record.time_unix_nano,
                        "attributes": attributes,
                        "body": record.body.string_value,
                    }), flush=True)
        self.reply(200)

    def reply(self, status):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
