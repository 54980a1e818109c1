"""Hostile requests as data: the bytes, the status of the answer, the connection's fate.

The runner is test_hostile_http.py. A case's name says what is wrong, or right, with it.
CLOSED: the connection ends, and nothing sent behind the request was answered. OPEN: the
same connection answers another request.
"""

HOST = b"Host: a\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
JSON = b"Content-Type: application/json\r\n"
OPEN, CLOSED = "open", "closed"


def get(target=b"/healthz", headers=HOST, version=b"HTTP/1.1"):
    return b"GET " + target + b" " + version + b"\r\n" + headers + b"\r\n"


def post(headers, body=b"", target=b"/v1/sagas"):
    return b"POST " + target + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body


# name: (bytes, status, fate)
CORPUS = {
    # framing
    "te_and_cl": (
        post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
        400, CLOSED),
    "cl_and_te": (
        post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n" + SMUGGLED),
        400, CLOSED),
    "two_cl": (
        post(b"Content-Length: 5\r\nContent-Length: 0\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "two_cl_alike": (
        post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "te_gzip_chunked": (
        post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n" + SMUGGLED), 400, CLOSED),
    "te_identity": (
        post(b"Transfer-Encoding: identity\r\n", SMUGGLED), 400, CLOSED),
    "te_twice": (
        post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
             b"0\r\n\r\n" + SMUGGLED), 400, CLOSED),
    "te_chunked_twice": (
        post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
             b"0\r\n\r\n" + SMUGGLED), 400, CLOSED),
    "te_with_blank_before_colon": (
        post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + SMUGGLED), 400, CLOSED),
    "te_in_http_1_0": (
        b"POST /v1/sagas HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, CLOSED),
    "cl_plus": (post(b"Content-Length: +5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "cl_minus": (post(b"Content-Length: -5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "cl_list": (post(b"Content-Length: 5, 5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "cl_hex": (post(b"Content-Length: 0x5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "cl_empty": (post(b"Content-Length:\r\n", SMUGGLED), 400, CLOSED),
    "cl_huge": (post(b"Content-Length: 99999999999999999999999\r\n"), 413, CLOSED),
    # lines
    "bare_lf": (b"GET /healthz HTTP/1.1\nHost: a\n\n", 400, CLOSED),
    "bare_lf_in_one_header": (
        b"GET /healthz HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n" + SMUGGLED, 400, CLOSED),
    "bare_lf_after_request_line": (b"GET /healthz HTTP/1.1\nHost: a\r\n\r\n", 400, CLOSED),
    "bare_cr_in_value": (get(headers=HOST + b"X: a\rY: b\r\n"), 400, CLOSED),
    "folded_line": (get(headers=HOST + b"X-A: 1\r\n  two\r\n"), 400, CLOSED),
    "folded_host": (get(headers=b"Host: a\r\n b\r\n"), 400, CLOSED),
    "blank_before_colon": (get(headers=HOST + b"X-A : 1\r\n"), 400, CLOSED),
    "no_colon": (get(headers=HOST + b"abc\r\n"), 400, CLOSED),
    "empty_name": (get(headers=HOST + b": x\r\n"), 400, CLOSED),
    "name_is_no_token": (get(headers=HOST + b"X(a): x\r\n"), 400, CLOSED),
    "nul_in_value": (get(headers=HOST + b"Authorization: Bearer ab\x00cd\r\n"), 400, CLOSED),
    "nul_in_name": (get(headers=HOST + b"X\x00A: b\r\n"), 400, CLOSED),
    "control_in_value": (get(headers=HOST + b"X-A: a\x01b\r\n"), 400, CLOSED),
    "two_blanks_in_request_line": (
        b"GET  /healthz  HTTP/1.1\r\nHost: a\r\n\r\n", 400, CLOSED),
    "blank_in_target": (get(b"/healthz x"), 400, CLOSED),
    # hosts and versions
    "no_host": (get(headers=b""), 400, CLOSED),
    "two_hosts": (get(headers=b"Host: a\r\nHost: b\r\n"), 400, CLOSED),
    "two_hosts_alike": (get(headers=b"Host: a\r\nhost: a\r\n"), 400, CLOSED),
    "empty_host": (get(headers=b"Host:\r\n"), 400, CLOSED),
    "http_1_0_without_host": (get(headers=b"", version=b"HTTP/1.0"), 400, CLOSED),
    "http_0_9": (b"GET /healthz\r\n\r\n", 400, CLOSED),
    "http_1_2": (get(version=b"HTTP/1.2"), 400, CLOSED),
    "http_2_0": (get(version=b"HTTP/2.0"), 505, CLOSED),
    # once only
    "two_authorizations": (
        get(headers=HOST + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
        400, CLOSED),
    "two_content_types": (post(JSON + JSON + b"Content-Length: 2\r\n", b"{}"), 400, CLOSED),
    # targets
    "encoded_slash": (get(b"/v1/sagas%2Fx"), 400, CLOSED),
    "encoded_backslash": (get(b"/v1/sagas/%5c"), 400, CLOSED),
    "encoded_nul": (get(b"/healthz%00/x"), 400, CLOSED),
    "encoded_nul_in_query": (get(b"/healthz?q=a%00b"), 400, CLOSED),
    "dots": (get(b"/v1/../healthz"), 400, CLOSED),
    "encoded_dots": (get(b"/v1/%2e%2e/healthz"), 400, CLOSED),
    "dot_at_the_end": (get(b"/v1/."), 400, CLOSED),
    "bad_percent": (get(b"/a%zz"), 400, CLOSED),
    "cut_percent": (get(b"/a%4"), 400, CLOSED),
    "absolute_target": (get(b"http://evil/healthz"), 400, CLOSED),
    "star_target": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400, CLOSED),
    "control_in_target": (get(b"/a\x01b"), 400, CLOSED),
    "raw_utf8_in_target": (get(b"/\xc3\xa9"), 400, CLOSED),
    "fragment": (get(b"/healthz#x"), 400, CLOSED),
    "long_target": (get(b"/" + b"a" * 9000), 400, CLOSED),
    # sizes
    "big_header": (get(headers=HOST + b"X: " + b"a" * 40000 + b"\r\n"), 431, CLOSED),
    "many_headers": (
        get(headers=HOST + b"".join(b"X%d: 1\r\n" % i for i in range(2000))), 431, CLOSED),
    "body_announced_too_large": (post(JSON + b"Content-Length: 1048577\r\n"), 413, CLOSED),
    # unusual, and right
    "plain": (get(), 200, OPEN),
    "http_1_0_with_host": (get(version=b"HTTP/1.0"), 200, CLOSED),
    "empty_lines_before": (b"\r\n" + get(), 200, OPEN),
    "dots_in_a_name": (get(b"/v1/sagas/a..b"), 404, OPEN),
    "encoded_slash_in_query": (get(b"/v1/sagas?key=a%2Fb"), 200, OPEN),
    "blanks_behind_value": (get(headers=b"Host: a \t \r\n"), 200, OPEN),
    "get_with_a_body": (get(headers=HOST + b"Content-Length: 3\r\n") + b"abc", 200, OPEN),
    "lower_case_method": (b"get /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 405, OPEN),
    "options": (b"OPTIONS /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 405, OPEN),
    "connect": (b"CONNECT /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 405, OPEN),
    "refused_body_is_read": (
        post(b"Content-Length: 5\r\n", b"abcde"), 415, OPEN),
    "chunked": (
        post(JSON + b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"), 422, CLOSED),
    "chunks_with_bare_lf_end_the_connection": (
        post(JSON + b"Transfer-Encoding: chunked\r\n", b"2\n{}\n0\n\n" + SMUGGLED),
        422, CLOSED),
    "chunk_extension_ends_the_connection": (
        post(JSON + b"Transfer-Encoding: chunked\r\n",
             b'2;x="\r\n{}\r\n0\r\n\r\n' + SMUGGLED), 422, CLOSED),
}
