"""Answers against openapi.json: the daemon's own copy of it, with jsonschema."""

import re

import jsonschema


class Contract:
    def __init__(self, client):
        self.document = client.get("/openapi.json").json

    def _resolve(self, value):
        while "$ref" in value:
            at = self.document
            for part in value["$ref"][2:].split("/"):
                at = at[part]
            value = at
        return value

    def operation(self, method, path):
        path = path.split("?")[0]
        for pattern, operations in self.document["paths"].items():
            shape = re.sub(r"\{[^}]*\}", "[^/]+", pattern)
            if re.fullmatch(shape, path) and method.lower() in operations:
                return operations[method.lower()]
        raise AssertionError("openapi.json has no %s %s" % (method, path))

    def check(self, method, path, answer):
        """The answer's status is one of the operation's, and its body fits."""
        operation = self.operation(method, path)
        responses = operation["responses"]
        assert str(answer.status) in responses, (method, path, answer)
        response = self._resolve(responses[str(answer.status)])
        if "content" not in response:
            assert answer.body == b""
            return answer
        kind = answer.headers["Content-Type"].split(";")[0]
        schema = response["content"][kind]["schema"]
        if kind.endswith("json"):
            jsonschema.Draft202012Validator(
                {"allOf": [schema], "components": self.document["components"]}
            ).validate(answer.json)
        return answer
