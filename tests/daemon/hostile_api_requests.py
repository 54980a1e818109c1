"""Hostile requests to the API as data: sound enough on the wire, wrong in what they say.

As in hostile_requests.py. What the gate lets in is refused by the route's own rules, and
the connection lives on.
"""

from hostile_requests import CLOSED, HOST, JSON, OPEN, SMUGGLED, get, post

START = b'{"definition": "d", "input": {}}'
DEFINITION = b'{"name": "d", "steps": [{"id": "a", "wait": "1ms"}]}'


def sized(body, target=b"/v1/sagas", headers=JSON, method=b"POST"):
    """A request with a body and its length."""
    return (
        method + b" " + target + b" HTTP/1.1\r\n" + HOST + headers
        + b"Content-Length: %d\r\n\r\n" % len(body) + body
    )


def with_header(line, target=b"/v1/sagas"):
    return get(target, headers=HOST + line + b"\r\n")


def start_with(line):
    """A start of a definition that is there: 202 when the headers are let in."""
    return sized(b'{"definition": "there"}', headers=JSON + line + b"\r\n")


def chunked(chunks, more=b""):
    return post(JSON + b"Transfer-Encoding: chunked\r\n", chunks + more)


def input_of(text):
    return sized(b'{"definition": "d", "input": ' + text + b"}")


API_CORPUS = {
    # JSON
    "json_empty_body": (sized(b""), 400, OPEN),
    "json_blank_body": (sized(b"  \r\n "), 400, OPEN),
    "json_cut": (sized(b'{"definition": "d"'), 400, OPEN),
    "json_trailing_bytes": (sized(START + b"x"), 400, OPEN),
    "json_two_texts": (sized(START + START), 400, OPEN),
    "json_trailing_nul": (sized(START + b"\x00"), 400, OPEN),
    "json_bom": (sized(b"\xef\xbb\xbf" + START), 400, OPEN),
    "json_utf16": (sized(START.decode().encode("utf-16")), 400, OPEN),
    "json_raw_nul_in_string": (sized(b'{"definition": "d\x00"}'), 400, OPEN),
    "json_raw_line_feed_in_string": (sized(b'{"definition": "d\n"}'), 400, OPEN),
    "json_escaped_nul_in_name": (input_of(b'{"a\\u0000b": 1}'), 400, OPEN),
    "json_duplicate_member": (
        sized(b'{"definition": "d", "definition": "e"}'), 400, OPEN),
    "json_duplicate_member_by_escape": (input_of(b'{"a": 1, "\\u0061": 2}'), 400, OPEN),
    "json_deep_arrays": (input_of(b"[" * 100000 + b"]" * 100000), 400, OPEN),
    "json_deep_objects": (input_of(b'{"a":' * 65 + b"1" + b"}" * 65), 400, OPEN),
    "json_deep_and_never_closed": (input_of(b"[" * 500000), 400, OPEN),
    "json_integer_beyond_int64": (input_of(b"9223372036854775808"), 400, OPEN),
    "json_integer_of_100000_digits": (input_of(b"9" * 100000), 400, OPEN),
    "json_real_overflow": (input_of(b"1e999999"), 400, OPEN),
    "json_number_with_plus": (input_of(b"+1"), 400, OPEN),
    "json_number_with_leading_zero": (input_of(b"01"), 400, OPEN),
    "json_nan": (input_of(b"NaN"), 400, OPEN),
    "json_single_quotes": (sized(b"{'definition': 'd'}"), 400, OPEN),
    "json_comment": (sized(b"/* a */" + START), 400, OPEN),
    "json_trailing_comma": (sized(b'{"definition": "d",}'), 400, OPEN),
    "json_invalid_utf8": (input_of(b'"\xff\xfe"'), 400, OPEN),
    "json_overlong_utf8": (input_of(b'"\xc0\xaf"'), 400, OPEN),
    "json_cesu_surrogate": (input_of(b'"\xed\xa0\x80"'), 400, OPEN),
    "json_utf8_beyond_unicode": (input_of(b'"\xf4\x90\x80\x80"'), 400, OPEN),
    "json_lone_high_surrogate": (input_of(b'"\\ud800"'), 400, OPEN),
    "json_lone_low_surrogate": (input_of(b'"\\udc00"'), 400, OPEN),
    "json_swapped_surrogates": (input_of(b'"\\udc00\\ud800"'), 400, OPEN),
    "json_bad_escape": (input_of(b'"\\x41"'), 400, OPEN),
    "json_array_for_object": (sized(b"[]"), 422, OPEN),
    "json_null_for_object": (sized(b"null"), 422, OPEN),
    "json_text_for_object": (sized(b'"definition"'), 422, OPEN),
    "json_unknown_member": (sized(b'{"definition": "d", "Input": {}}'), 422, OPEN),
    "json_proto_member": (sized(b'{"definition": "d", "__proto__": {}}'), 422, OPEN),
    "json_number_for_text": (sized(b'{"definition": 7}'), 422, OPEN),
    "json_version_negative": (sized(b'{"definition": "d", "version": -1}'), 422, OPEN),
    "json_version_zero": (sized(b'{"definition": "d", "version": 0}'), 422, OPEN),
    "json_version_a_real": (sized(b'{"definition": "d", "version": 1.5}'), 422, OPEN),
    "json_version_huge": (
        sized(b'{"definition": "d", "version": 9223372036854775807}'), 404, OPEN),
    "json_labels_of_numbers": (sized(b'{"definition": "d", "labels": {"a": 1}}'), 422, OPEN),
    "json_id_of_129_bytes": (
        sized(b'{"definition": "d", "id": "' + b"a" * 129 + b'"}'), 422, OPEN),
    "json_id_of_128_bytes": (
        sized(b'{"definition": "d", "id": "' + b"a" * 128 + b'"}'), 404, OPEN),
    "json_id_with_slash": (sized(b'{"definition": "d", "id": "a/b"}'), 422, OPEN),
    "json_id_with_nul": (sized(b'{"definition": "d", "id": "a\\u0000b"}'), 400, OPEN),
    "json_id_empty": (sized(b'{"definition": "d", "id": ""}'), 422, OPEN),
    "json_exactly_at_the_cap": (
        sized(START + b" " * (1048576 - len(START))), 404, OPEN),
    "json_one_byte_over_the_cap": (
        sized(START + b" " * (1048577 - len(START))), 413, CLOSED),
    "batch_of_1001": (
        sized(b'{"sagas": [' + b",".join([b"{}"] * 1001) + b"]}", b"/v1/sagas:batch"),
        422, OPEN),
    "batch_of_no_array": (sized(b'{"sagas": {}}', b"/v1/sagas:batch"), 422, OPEN),
    # chunks
    "chunk_size_is_no_number": (chunked(b"zz\r\n{}\r\n0\r\n\r\n"), 400, CLOSED),
    "chunk_size_negative": (chunked(b"-2\r\n{}\r\n0\r\n\r\n"), 400, CLOSED),
    "chunk_size_with_0x": (chunked(b"0x2\r\n{}\r\n0\r\n\r\n"), 400, CLOSED),
    "chunk_size_beyond_64_bits": (
        chunked(b"1" + b"0" * 16 + b"\r\n{}\r\n0\r\n\r\n"), 413, CLOSED),
    "chunk_longer_than_said": (chunked(b"1\r\n{}\r\n0\r\n\r\n"), 400, CLOSED),
    "chunk_trailer_is_not_a_header": (
        chunked(b"2\r\n{}\r\n0\r\nAuthorization: x\r\n\r\n", SMUGGLED), 422, CLOSED),
    # media types
    "type_text": (sized(START, headers=b"Content-Type: text/plain\r\n"), 415, OPEN),
    "type_form": (
        sized(b"a=b", headers=b"Content-Type: application/x-www-form-urlencoded\r\n"),
        415, OPEN),
    "type_multipart": (
        sized(b"--a--", headers=b"Content-Type: multipart/form-data; boundary=a\r\n"),
        415, OPEN),
    "type_json_prefix_of_another": (
        sized(START, headers=b"Content-Type: application/jsonp\r\n"), 415, OPEN),
    "type_json_patch": (
        sized(START, headers=b"Content-Type: application/json-patch+json\r\n"), 415, OPEN),
    "type_list": (
        sized(START, headers=b"Content-Type: application/json, text/plain\r\n"), 415, OPEN),
    "type_empty": (sized(START, headers=b"Content-Type:\r\n"), 415, OPEN),
    "type_in_capitals": (
        sized(START, headers=b"CONTENT-TYPE: APPLICATION/JSON\r\n"), 404, OPEN),
    "type_with_charset": (
        sized(START, headers=b"Content-Type: application/json ; charset=utf-8\r\n"),
        404, OPEN),
    "encoded_body": (
        sized(b"\x1f\x8b\x08\x00", headers=JSON + b"Content-Encoding: gzip\r\n"),
        400, OPEN),
    # preferences, conditions, keys
    "prefer_negative": (start_with(b"Prefer: wait=-1"), 202, OPEN),
    "prefer_huge": (start_with(b"Prefer: wait=99999999999999999999"), 200, OPEN),
    "prefer_garbage": (start_with(b"Prefer: ,;=;,wait,wait=,=wait"), 202, OPEN),
    "prefer_open_quote": (start_with(b'Prefer: wait="'), 202, OPEN),
    "if_match_garbage": (
        sized(DEFINITION, b"/v1/definitions/d", JSON + b'If-Match: "\r\n', b"PUT"),
        400, OPEN),
    "if_match_open_quote": (
        sized(DEFINITION, b"/v1/definitions/d", JSON + b'If-Match: W/"x\r\n', b"PUT"),
        400, OPEN),
    "if_none_match_garbage": (
        with_header(b'If-None-Match: W/W/"x", ",', b"/v1/definitions"), 200, OPEN),
    "key_empty": (start_with(b"Idempotency-Key:"), 400, OPEN),
    "key_empty_quoted": (start_with(b'Idempotency-Key: ""'), 400, OPEN),
    "key_open_quote": (start_with(b'Idempotency-Key: "a'), 400, OPEN),
    "key_of_256_bytes": (start_with(b"Idempotency-Key: " + b"k" * 256), 400, OPEN),
    "key_of_255_bytes": (start_with(b"Idempotency-Key: " + b"k" * 255), 202, OPEN),
    "key_not_ascii": (start_with(b"Idempotency-Key: \xc3\xa9"), 400, OPEN),
    "key_ends_in_backslash": (start_with(b'Idempotency-Key: "a\\"'), 400, OPEN),
    "two_keys": (
        start_with(b"Idempotency-Key: a\r\nIdempotency-Key: b"), 400, CLOSED),
    "trace_garbage": (start_with(b"traceparent: 00-xyz-\xff-0"), 202, OPEN),
    "trace_of_zeroes": (
        start_with(b"traceparent: 00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00"), 202, OPEN),
    "request_id_with_markup": (with_header(b"X-Request-Id: <b>&\"'"), 200, OPEN),
    "basic_authorization_where_no_token_is": (
        with_header(b"Authorization: Basic YTpi"), 200, OPEN),
    "bearer_of_nothing_where_no_token_is": (
        with_header(b"Authorization: Bearer"), 200, OPEN),
    "bearer_of_8000_bytes_where_no_token_is": (
        with_header(b"Authorization: Bearer sgd_" + b"a" * 8000), 200, OPEN),
    "last_event_id_garbage": (
        get(b"/v1/sagas/x/journal",
            HOST + b"Accept: text/event-stream\r\nLast-Event-ID: -1e9\r\n"), 400, OPEN),
    # cursors, filters, parameters
    "cursor_forged": (get(b"/v1/sagas?cursor=AAAA"), 400, OPEN),
    "cursor_empty": (get(b"/v1/sagas?cursor="), 400, OPEN),
    "cursor_not_base64": (get(b"/v1/sagas?cursor=%21%21"), 400, OPEN),
    "cursor_long": (get(b"/v1/sagas?cursor=" + b"A" * 8000), 400, OPEN),
    "limit_zero": (get(b"/v1/sagas?limit=0"), 400, OPEN),
    "limit_negative": (get(b"/v1/sagas?limit=-1"), 400, OPEN),
    "limit_501": (get(b"/v1/sagas?limit=501"), 400, OPEN),
    "limit_huge": (get(b"/v1/sagas?limit=99999999999999999999"), 400, OPEN),
    "limit_with_blank": (get(b"/v1/sagas?limit=+5"), 400, OPEN),
    "limit_twice": (get(b"/v1/sagas?limit=5&limit=500"), 400, OPEN),
    "status_unknown": (get(b"/v1/sagas?status=failed"), 400, OPEN),
    "time_garbage": (get(b"/v1/sagas?startedAfter=yesterday"), 400, OPEN),
    "time_before_time": (get(b"/v1/sagas?startedAfter=0000-00-00T00:00:00Z"), 400, OPEN),
    "parameter_unknown": (get(b"/v1/sagas?Status=stuck"), 400, OPEN),
    "parameter_name_not_utf8": (get(b"/v1/sagas?%ff=1"), 400, OPEN),
    "parameter_name_encoded": (get(b"/v1/sagas?%6cimit=5"), 200, OPEN),
    "parameter_value_not_utf8": (get(b"/v1/sagas?key=%c0%80"), 200, OPEN),
    "parameters_1000": (get(b"/v1/sagas?" + b"&".join([b"limit=5"] * 1000)), 400, OPEN),
    "parameters_of_nothing": (get(b"/v1/sagas?&&&&"), 200, OPEN),
    "sql_in_a_filter": (get(b"/v1/sagas?key=%27%20OR%201%3d1%20--"), 200, OPEN),
    # paths
    "overlong_dots": (get(b"/v1/sagas/%c0%ae%c0%ae"), 404, OPEN),
    "overlong_slash": (get(b"/v1/sagas/a%c0%afb"), 404, OPEN),
    "doubly_encoded_dots": (get(b"/v1/sagas/%252e%252e"), 404, OPEN),
    "doubly_encoded_slash": (get(b"/v1/sagas/a%252fb"), 404, OPEN),
    "half_encoded_dots": (get(b"/v1/.%2E/healthz"), 400, CLOSED),
    "dot_segment_between": (get(b"/v1/./sagas"), 400, CLOSED),
    "dots_before_the_query": (get(b"/v1/..?limit=5"), 400, CLOSED),
    "dots_in_the_query": (get(b"/v1/sagas?key=../../etc/passwd"), 200, OPEN),
    "encoded_query_mark": (get(b"/v1/sagas%3flimit=5"), 404, OPEN),
    "encoded_line_end_in_path": (get(b"/v1/sagas/a%0d%0aX:%20b"), 404, OPEN),
    "encoded_line_end_in_query": (get(b"/v1/sagas?key=a%0d%0aX:%20b"), 200, OPEN),
    "semicolon_parameters": (get(b"/v1/sagas;a=b"), 404, OPEN),
    "two_slashes": (get(b"//v1/sagas"), 404, OPEN),
    "two_slashes_and_a_host": (get(b"//evil/v1/sagas"), 404, OPEN),
    "slash_at_the_end": (get(b"/v1/sagas/"), 404, OPEN),
    "many_segments": (get(b"/a" * 4000), 404, OPEN),
    "capitals_in_the_path": (get(b"/V1/SAGAS"), 404, OPEN),
    "percent_alone": (get(b"/%"), 400, CLOSED),
    "percent_u": (get(b"/%u002e"), 400, CLOSED),
    "id_of_129_bytes": (get(b"/v1/sagas/" + b"a" * 129), 404, OPEN),
    "id_of_8000_bytes": (get(b"/v1/sagas/" + b"a" * 8000), 404, OPEN),
    "turn_huge": (get(b"/v1/sagas/x/at/99999999999999999999"), 404, OPEN),
    "turn_negative": (get(b"/v1/sagas/x/at/-1"), 404, OPEN),
    "call_number_is_no_number": (get(b"/v1/sagas/x/calls/1e3"), 404, OPEN),
    "version_huge": (
        get(b"/v1/definitions/d/versions/99999999999999999999"), 404, OPEN),
    "forged_callback": (sized(b"{}", b"/v1/callbacks/" + b"A" * 43), 404, OPEN),
    "callback_without_token": (sized(b"{}", b"/v1/callbacks/"), 404, OPEN),
    "name_in_capitals": (
        sized(DEFINITION, b"/v1/definitions/D", method=b"PUT"), 422, OPEN),
    # methods
    "trace": (b"TRACE /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 405, OPEN),
    "patch": (sized(b"{}", b"/v1/sagas/x", method=b"PATCH"), 405, OPEN),
    "connect_to_authority": (
        b"CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n", 400, CLOSED),
    "method_is_no_token": (b"G@T /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "method_of_1000_bytes": (
        b"A" * 1000 + b" /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 405, OPEN),
    "method_override": (
        sized(b"{}", b"/v1/sagas/x", JSON + b"X-HTTP-Method-Override: DELETE\r\n"),
        405, OPEN),
    # other protocols
    "http2_preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, CLOSED),
    "http2_upgrade": (
        get(headers=HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                           b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n"), 200, OPEN),
    "websocket_upgrade": (
        get(headers=HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
                           b"Sec-WebSocket-Version: 13\r\n"
                           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 200, OPEN),
    "tls_on_a_plain_port": (
        bytes.fromhex("16030100500100004c0303") + bytes(69) + b"\r\n\r\n",
        None, CLOSED),
    "asterisk_with_get": (get(b"*"), 400, CLOSED),
    "absolute_https": (get(b"https://a/healthz"), 400, CLOSED),
    "host_with_blank": (get(headers=b"Host: a b\r\n"), 400, CLOSED),
    "host_with_a_path": (get(headers=b"Host: a/../b\r\n"), 400, CLOSED),
    "connection_close_is_obeyed": (
        get(headers=HOST + b"Connection: close\r\n"), 200, CLOSED),
    "headers_101": (
        get(headers=HOST + b"".join(b"X%d: 1\r\n" % i for i in range(100))), 431, CLOSED),
    "headers_100": (
        get(headers=HOST + b"".join(b"X%d: 1\r\n" % i for i in range(99))), 200, OPEN),
    "expect_of_something_else": (
        get(headers=HOST + b"Expect: 200-maybe\r\n"), 200, OPEN),
}
