"""Hostile answers as data: what a participant answers to a call, and what it must mean.

The runner is test_hostile_answers.py. A case is one answer to the first attempt; every
further attempt is answered 200 {"ok": true}. `outcome` is the first attempt's, `again`
whether it is tried again, `says` a part of its detail.

`ending` is what the connection does when the answer is out: CLOSE, RESET (a TCP reset),
KEEP (stays open and reads on) or HANG (stays open, says nothing more). READS are calls of
a definition whose rejectWhen reads the answer's body.
"""

SUCCEEDED, REJECTED, UNSENT, UNKNOWN = "succeeded", "rejected", "unsent", "unknown"
CLOSE, RESET, KEEP, HANG = "close", "reset", "keep", "hang"

CUT_HEADERS = "header block was cut"
CUT_BODY = "body was cut"
NOT_HTTP = "not HTTP"
BAD_FRAMING = "contradicts itself"
NO_JSON = "not JSON"
TIMED_OUT = "timed out"
TOO_BIG = "too big"

OK_BODY = b'{"ok": true}'


class Case:
    def __init__(self, raw, outcome, again=None, says="", ending=CLOSE, reads=False,
                 drip=False, early=False, status=None):
        self.raw = raw
        self.outcome = outcome
        self.again = outcome == UNKNOWN if again is None else again
        self.says = says
        self.ending = ending
        self.reads = reads
        self.drip = drip  # A byte every 20 ms, for ever if raw ends.
        self.early = early  # Answered before the request was read.
        self.status = status  # What the call's record must show.


def head(status=b"200 OK", *lines, version=b"HTTP/1.1"):
    return version + b" " + status + b"\r\n" + b"".join(x + b"\r\n" for x in lines) + b"\r\n"


def whole(status=b"200 OK", body=OK_BODY, *lines, version=b"HTTP/1.1"):
    return head(status, b"Content-Length: %d" % len(body), *lines, version=version) + body


def chunked(chunks, *lines):
    return head(b"200 OK", b"Transfer-Encoding: chunked", *lines) + chunks


def unknown(raw, says="", **more):
    return Case(raw, UNKNOWN, says=says, **more)


def fine(raw, **more):
    return Case(raw, SUCCEEDED, **more)


def rejected(raw, **more):
    return Case(raw, REJECTED, **more)


def read(body, *lines, **more):
    """A 200 whose body the definition reads, and that is no JSON."""
    return unknown(whole(b"200 OK", body, *lines), NO_JSON, reads=True, **more)


WHOLE = whole()
CHUNKED = chunked(b"c\r\n" + OK_BODY + b"\r\n0\r\n\r\n")

CASES = {
    # cut
    "nothing_and_close": unknown(b"", "closed without an answer"),
    "nothing_and_reset": unknown(b"", "connection broke", ending=RESET),
    "nothing_for_ever": unknown(b"", "timed out waiting", ending=HANG),
    "cut_in_http": unknown(b"HT"),
    "cut_before_the_status": unknown(b"HTTP/1.1 ", "without an answer"),
    "cut_in_the_status": unknown(b"HTTP/1.1 20"),
    "cut_behind_the_status": unknown(b"HTTP/1.1 200", "without an answer"),
    "cut_in_the_reason": unknown(b"HTTP/1.1 200 O", "without an answer"),
    "cut_behind_the_status_line": unknown(b"HTTP/1.1 200 OK\r\n", CUT_HEADERS),
    "cut_in_a_header_name": unknown(b"HTTP/1.1 200 OK\r\nConte", CUT_HEADERS),
    "cut_in_a_header_value": unknown(b"HTTP/1.1 200 OK\r\nContent-Length: 1", CUT_HEADERS),
    "cut_behind_a_header": unknown(
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", CUT_HEADERS),
    "cut_in_the_blank_line": unknown(
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r", CUT_HEADERS),
    "cut_422_is_no_refusal": unknown(
        b"HTTP/1.1 422 No\r\nContent-Length: 0\r\n", CUT_HEADERS),
    "cut_422_body_is_no_refusal": unknown(
        head(b"422 No", b"Content-Length: 10") + b"{", CUT_BODY),
    "cut_before_the_body": unknown(head(b"200 OK", b"Content-Length: 12"), CUT_BODY),
    "cut_in_the_body": unknown(WHOLE[:-4], CUT_BODY),
    "cut_in_the_body_by_reset": unknown(WHOLE[:-4], CUT_BODY, ending=RESET),
    "cut_at_the_last_byte": unknown(WHOLE[:-1], CUT_BODY),
    "cut_in_a_chunk_size": unknown(chunked(b"c"), CUT_BODY),
    "cut_behind_a_chunk_size": unknown(chunked(b"c\r\n"), CUT_BODY),
    "cut_in_a_chunk": unknown(CHUNKED[:-12], CUT_BODY),
    "cut_before_the_last_chunk": unknown(CHUNKED[:-5], CUT_BODY),
    "cut_in_the_last_chunk": unknown(CHUNKED[:-4], CUT_BODY),
    "cut_before_the_trailers_end": unknown(CHUNKED[:-2], CUT_BODY),
    "cut_in_a_trailer": unknown(
        chunked(b"c\r\n" + OK_BODY + b"\r\n0\r\nX-Sum: "), CUT_BODY),
    "headers_for_ever": unknown(b"HTTP/1.1 200 OK\r\nX: ", TIMED_OUT, ending=HANG),
    "body_for_ever": unknown(WHOLE[:-1], "middle of the answer's body", ending=HANG),
    "chunk_for_ever": unknown(
        CHUNKED[:-5], "middle of the answer's body", ending=HANG),
    # no length: the end is the close
    "no_length_and_close": fine(head() + OK_BODY),
    "no_length_and_close_read": fine(head() + OK_BODY, reads=True),
    "no_length_cut_in_json_read": unknown(head() + OK_BODY[:-1], NO_JSON, reads=True),
    "no_length_cut_in_json_not_read": fine(head() + OK_BODY[:-1]),
    "no_length_and_reset": unknown(head() + OK_BODY, CUT_BODY, ending=RESET),
    "no_length_and_open": unknown(
        head() + OK_BODY, "middle of the answer's body", ending=HANG),
    # lengths
    "two_lengths": unknown(
        head(b"200 OK", b"Content-Length: 12", b"Content-Length: 0") + OK_BODY,
        BAD_FRAMING),
    "two_lengths_alike": fine(
        head(b"200 OK", b"Content-Length: 12", b"Content-Length: 12") + OK_BODY),
    "lengths_in_a_list": unknown(
        head(b"200 OK", b"Content-Length: 12, 12") + OK_BODY, BAD_FRAMING),
    "length_and_chunked": unknown(
        chunked(b"c\r\n" + OK_BODY + b"\r\n0\r\n\r\n", b"Content-Length: 12"), BAD_FRAMING),
    "length_negative": unknown(head(b"200 OK", b"Content-Length: -1") + OK_BODY),
    "length_with_plus": unknown(
        head(b"200 OK", b"Content-Length: +12") + OK_BODY, BAD_FRAMING),
    "length_in_hex": unknown(
        head(b"200 OK", b"Content-Length: 0xc") + OK_BODY, BAD_FRAMING),
    "length_empty": unknown(head(b"200 OK", b"Content-Length:") + OK_BODY),
    "length_of_words": unknown(head(b"200 OK", b"Content-Length: twelve") + OK_BODY),
    "length_with_words_behind": unknown(
        head(b"200 OK", b"Content-Length: 12 bytes") + OK_BODY, BAD_FRAMING),
    "length_beyond_64_bits": unknown(
        head(b"200 OK", b"Content-Length: 99999999999999999999999") + OK_BODY),
    "length_too_long": unknown(head(b"200 OK", b"Content-Length: 13") + OK_BODY, CUT_BODY),
    "length_too_short_read": unknown(
        head(b"200 OK", b"Content-Length: 11") + OK_BODY, NO_JSON, reads=True),
    "length_too_short_not_read": fine(head(b"200 OK", b"Content-Length: 11") + OK_BODY),
    "length_zero_with_a_body": fine(head(b"200 OK", b"Content-Length: 0") + OK_BODY),
    "refusal_with_two_lengths": unknown(
        head(b"422 No", b"Content-Length: 2", b"Content-Length: 0") + b"{}", BAD_FRAMING),
    # chunks
    "chunked": fine(CHUNKED, ending=KEEP),
    "chunked_read": fine(CHUNKED, ending=KEEP, reads=True),
    "chunk_extension": fine(chunked(b'c;x="y"\r\n' + OK_BODY + b"\r\n0\r\n\r\n")),
    "chunk_trailer": fine(
        chunked(b"c\r\n" + OK_BODY + b"\r\n0\r\nX-Status: 500\r\n\r\n"), status=200),
    "chunk_size_is_no_number": unknown(chunked(b"zz\r\n" + OK_BODY), CUT_BODY),
    "chunk_size_negative": unknown(chunked(b"-c\r\n" + OK_BODY), CUT_BODY),
    "chunk_size_beyond_64_bits": unknown(chunked(b"f" * 40 + b"\r\n" + OK_BODY), CUT_BODY),
    "chunk_size_too_small": unknown(
        chunked(b"3\r\n" + OK_BODY + b"\r\n0\r\n\r\n"), CUT_BODY),
    "chunk_size_too_large": unknown(
        chunked(b"ff\r\n" + OK_BODY + b"\r\n0\r\n\r\n"), CUT_BODY),
    "chunk_size_empty": unknown(chunked(b"\r\n" + OK_BODY), CUT_BODY),
    "chunked_in_words_only": unknown(chunked(OK_BODY), CUT_BODY),
    "coding_gzip_chunked": unknown(
        head(b"200 OK", b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n"),
    "coding_unknown": unknown(head(b"200 OK", b"Transfer-Encoding: x-mine") + OK_BODY),
    "coding_twice": unknown(
        head(b"200 OK", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked")
        + b"0\r\n\r\n"),
    # interim answers
    "continue_then_answer": fine(head(b"100 Continue") + WHOLE, status=200),
    "early_hints_then_answer": fine(
        head(b"103 Early Hints", b"Link: </a>") + WHOLE, status=200),
    "storm_of_interims": fine(head(b"102 Processing") * 200 + WHOLE, status=200),
    "storm_of_interims_and_close": unknown(head(b"102 Processing") * 50),
    "interims_for_ever": unknown(
        head(b"102 Processing") * 5, "timed out waiting", ending=HANG),
    "continue_and_close": unknown(head(b"100 Continue")),
    "interim_with_a_length": fine(
        head(b"103 Early Hints", b"Content-Length: 5") + WHOLE, status=200),
    "switching_protocols": unknown(
        head(b"101 Switching Protocols", b"Upgrade: h2c", b"Connection: Upgrade")),
    "interim_is_no_success": unknown(head(b"199 Odd")),
    # no body by rule
    "no_content": fine(head(b"204 No Content"), ending=KEEP),
    "no_content_with_a_body": fine(head(b"204 No Content") + OK_BODY, status=204),
    "no_content_with_a_length": fine(
        head(b"204 No Content", b"Content-Length: 12"), ending=KEEP),
    "no_content_read": unknown(head(b"204 No Content"), NO_JSON, reads=True),
    "not_modified": rejected(head(b"304 Not Modified")),
    "not_modified_with_a_length": rejected(
        head(b"304 Not Modified", b"Content-Length: 12"), ending=KEEP),
    "reset_content": fine(head(b"205 Reset Content", b"Content-Length: 0")),
    "partial_content": fine(whole(b"206 Partial Content", OK_BODY,
                                  b"Content-Range: bytes 0-11/100"), status=206),
    # redirects are never followed
    "redirect_to_metadata": rejected(
        whole(b"302 Found", b"", b"Location: http://169.254.169.254/latest/"), status=302),
    "redirect_to_itself": rejected(whole(b"307 Again", b"", b"Location: /trap"), status=307),
    "redirect_308": rejected(whole(b"308 For Ever", b"", b"Location: /trap"), status=308),
    "redirect_303": rejected(whole(b"303 See Other", b"", b"Location: /trap"), status=303),
    "redirect_to_a_file": rejected(
        whole(b"301 Moved", b"", b"Location: file:///etc/passwd"), status=301),
    "redirect_without_location": rejected(whole(b"302 Found", b""), status=302),
    "redirect_with_line_ends": rejected(
        whole(b"302 Found", b"", b"Location: /trap%0d%0aX: y"), status=302),
    "redirect_300": rejected(whole(b"300 Choose", b""), status=300),
    "created_with_internal_location": fine(
        whole(b"201 Created", OK_BODY, b"Location: http://127.0.0.1:1/"), status=201),
    "refresh_header": fine(whole(b"200 OK", OK_BODY, b"Refresh: 0; url=/trap")),
    # headers
    "header_of_90_kib": fine(whole(b"200 OK", OK_BODY, b"X: " + b"a" * 90000)),
    "header_of_a_megabyte": unknown(
        whole(b"200 OK", OK_BODY, b"X: " + b"a" * 1000000)),
    "headers_1000": fine(
        whole(b"200 OK", OK_BODY, *(b"X-%d: a" % i for i in range(1000)))),
    "headers_100000": unknown(
        whole(b"200 OK", OK_BODY, *(b"X-%d: a" % i for i in range(100000)))),
    "folded_header": fine(whole(b"200 OK", OK_BODY, b"X: a\r\n b")),
    "folded_length": unknown(head(b"200 OK", b"Content-Length:\r\n 12") + OK_BODY),
    "header_without_colon": unknown(whole(b"200 OK", OK_BODY, b"nonsense")),
    "header_without_name": fine(whole(b"200 OK", OK_BODY, b": value")),
    "header_name_with_blank": fine(whole(b"200 OK", OK_BODY, b"X Y : value")),
    "header_with_nul": unknown(whole(b"200 OK", OK_BODY, b"X: a\x00b")),
    "header_with_bare_cr": fine(whole(b"200 OK", OK_BODY, b"X: a\rContent-Length: 0")),
    "header_not_utf8": fine(whole(b"200 OK", OK_BODY, b"X: \xff\xfe")),
    "header_names_not_utf8": fine(whole(b"200 OK", OK_BODY, b"X\xff: a", b"X\xfe: b")),
    "header_with_controls": fine(whole(b"200 OK", OK_BODY, b"X: \x1b[31m\x07")),
    "bare_line_feeds": fine(WHOLE.replace(b"\r\n", b"\n")),
    "set_cookie": fine(whole(b"200 OK", OK_BODY, b"Set-Cookie: a=b; Domain=.127.0.0.1")),
    "reason_missing": fine(whole(b"200")),
    "reason_not_utf8": fine(whole(b"200 \xff\xfe\x1b[2J")),
    "reason_of_50000_bytes": fine(whole(b"200 " + b"a" * 50000)),
    "strict_transport_security": fine(
        whole(b"200 OK", OK_BODY, b"Strict-Transport-Security: max-age=9999999")),
    "alt_svc": fine(whole(b"200 OK", OK_BODY, b'Alt-Svc: h2="127.0.0.1:1"')),
    "authenticate_with_a_challenge": Case(
        whole(b"401 Who", b"", b'WWW-Authenticate: Negotiate'), REJECTED, True),
    # not HTTP
    "http_0_9": unknown(OK_BODY, NOT_HTTP),
    "http_0_9_html": unknown(b"<html>502 Bad Gateway</html>", NOT_HTTP),
    "http_1_0": fine(whole(version=b"HTTP/1.0")),
    "http_1_0_keep_alive": fine(
        whole(b"200 OK", OK_BODY, b"Connection: keep-alive", version=b"HTTP/1.0"),
        ending=KEEP),
    "http_1_2": unknown(whole(version=b"HTTP/1.2")),
    "http_2_status_line": unknown(whole(version=b"HTTP/2"), NOT_HTTP),
    "http_3_status_line": unknown(whole(version=b"HTTP/3"), ""),
    "http_9_9": unknown(whole(version=b"HTTP/9.9"), NOT_HTTP),
    "http2_frames": unknown(bytes.fromhex("00000604000000000000040010000000"), NOT_HTTP),
    "tls_alert": unknown(b"\x15\x03\x01\x00\x02\x02\x0a", NOT_HTTP),
    "ssh_banner": unknown(b"SSH-2.0-OpenSSH_9.2\r\n", NOT_HTTP),
    "smtp_banner": unknown(b"220 mail ESMTP\r\n", NOT_HTTP),
    "icy": unknown(b"ICY 200 OK\r\n\r\n", NOT_HTTP),
    "lower_case_http": unknown(whole(version=b"http/1.1"), NOT_HTTP),
    "blank_line_first": unknown(b"\r\n" + WHOLE, NOT_HTTP),
    "bom_before_http": unknown(b"\xef\xbb\xbf" + WHOLE, NOT_HTTP),
    "zeroes": unknown(bytes(5000), NOT_HTTP),
    # statuses
    "status_000": unknown(whole(b"000 None")),
    "status_099": unknown(whole(b"099 Early")),
    "status_600": unknown(whole(b"600 Late"), status=600),
    "status_999": unknown(whole(b"999 Denied"), status=999),
    "status_of_2_digits": unknown(whole(b"20 OK")),
    "status_of_4_digits": unknown(whole(b"2000 OK")),
    "status_negative": unknown(whole(b"-200 OK")),
    "status_of_words": unknown(whole(b"OK fine")),
    "status_299": fine(whole(b"299 Odd"), status=299),
    "status_500": unknown(whole(b"500 Broken"), status=500),
    "status_501": rejected(whole(b"501 Not Implemented"), status=501),
    "status_505": rejected(whole(b"505 Version"), status=505),
    "status_400": rejected(whole(b"400 Bad"), status=400),
    "status_401": Case(whole(b"401 Who"), REJECTED, True, status=401),
    "status_407": Case(whole(b"407 Proxy"), REJECTED, True, status=407),
    "status_408": unknown(whole(b"408 Slow"), status=408),
    "status_409_at_first": rejected(whole(b"409 Conflict"), status=409),
    "status_421": rejected(whole(b"421 Elsewhere"), status=421),
    "status_425": unknown(whole(b"425 Early"), status=425),
    "status_429": Case(whole(b"429 Many"), REJECTED, True, status=429),
    # bodies
    "json_cut_in_a_whole_body": read(b'{"ok": tr'),
    "json_duplicate_names": read(b'{"ok": true, "ok": false}'),
    "json_too_deep": read(b"[" * 100 + b"]" * 100),
    "json_deep_enough_to_kill_a_parser": read(b"[" * 200000),
    "json_not_utf8": read(b'"\xff"'),
    "json_lone_surrogate": read(b'"\\ud800"'),
    "json_integer_beyond_int64": read(b"99999999999999999999"),
    "json_nan": read(b"NaN"),
    "json_bom": read(b"\xef\xbb\xbf" + OK_BODY),
    "json_utf16": read(OK_BODY.decode().encode("utf-16")),
    "json_trailing_bytes": read(OK_BODY + b"x"),
    "json_two_texts": read(OK_BODY + OK_BODY),
    "json_with_nul_behind": read(OK_BODY + b"\x00"),
    "json_escaped_nul": read(b'{"a": "\\u0000"}'),
    "json_empty": read(b""),
    "json_blank": read(b" \r\n "),
    "html": read(b"<html></html>", b"Content-Type: text/html"),
    "html_that_says_json": read(b"<html></html>", b"Content-Type: application/json"),
    "json_that_says_html": fine(
        whole(b"200 OK", OK_BODY, b"Content-Type: text/html"), reads=True),
    "json_in_gzip": read(
        bytes.fromhex("1f8b08000000000000ffab56cacf56b252282a4dad05003f6d2f4b0c000000"),
        b"Content-Encoding: gzip"),
    "json_that_says_gzip": fine(
        whole(b"200 OK", OK_BODY, b"Content-Encoding: gzip"), reads=True),
    "not_json_and_not_read": fine(whole(b"200 OK", b"\xff\x00<html>")),
    "json_null_read": fine(whole(b"200 OK", b"null"), reads=True),
    "refusal_not_json_read": rejected(whole(b"422 No", b"<html>"), reads=True),
    "body_over_256_kib_not_read": fine(whole(b"200 OK", b"a" * 300000)),
    "body_over_1_mib_not_read": fine(whole(b"200 OK", b"a" * 1100000)),
    "body_over_1_mib_read": Case(
        whole(b"200 OK", b'"' + b"a" * 1100000 + b'"'), UNKNOWN, False, TOO_BIG,
        reads=True),
    "body_of_900_kib_read": fine(
        whole(b"200 OK", b'"' + b"a" * 900000 + b'"'), reads=True),
    # the connection
    "bytes_behind_the_answer": fine(WHOLE + b"HTTP/1.1 500 No\r\n\r\n", status=200),
    "two_answers_at_once": fine(WHOLE + whole(b"422 No"), status=200, ending=KEEP),
    "keep_alive_that_closes": fine(
        whole(b"200 OK", OK_BODY, b"Connection: keep-alive")),
    "close_that_stays_open": fine(
        whole(b"200 OK", OK_BODY, b"Connection: close"), ending=HANG),
    "reset_behind_the_answer": fine(WHOLE, ending=RESET, status=200),
    "answer_before_the_request_is_read": fine(WHOLE, early=True, ending=KEEP),
    "refusal_before_the_request_is_read": rejected(
        whole(b"413 Large"), early=True, ending=KEEP),
    "drip_in_the_headers": unknown(
        b"HTTP/1.1 200 OK\r\nX: ", TIMED_OUT, drip=True, ending=HANG),
    "drip_in_the_body": unknown(
        head(b"200 OK", b"Content-Length: 100000"), "middle of the answer's body",
        drip=True, ending=HANG),
    # Retry-After
    "retry_after_seconds": Case(
        whole(b"429 Many", b"", b"Retry-After: 0"), REJECTED, True),
    "retry_after_in_a_refusal": rejected(
        whole(b"400 Bad", b"", b"Retry-After: 1")),
    "retry_after_past_date": Case(
        whole(b"429 Many", b"", b"Retry-After: Mon, 01 Jan 1990 00:00:00 GMT"),
        REJECTED, True),
    "retry_after_rfc850_past": Case(
        whole(b"429 Many", b"", b"Retry-After: Monday, 01-Jan-90 00:00:00 GMT"),
        REJECTED, True),
    "retry_after_negative": Case(
        whole(b"429 Many", b"", b"Retry-After: -3600"), REJECTED, True),
    "retry_after_real": Case(
        whole(b"429 Many", b"", b"Retry-After: 3600.5"), REJECTED, True),
    "retry_after_exponent": Case(
        whole(b"429 Many", b"", b"Retry-After: 1e9"), REJECTED, True),
    "retry_after_garbage": Case(
        whole(b"429 Many", b"", b"Retry-After: soon"), REJECTED, True),
    "retry_after_empty": Case(
        whole(b"429 Many", b"", b"Retry-After:"), REJECTED, True),
    "retry_after_twice": Case(
        whole(b"429 Many", b"", b"Retry-After: 3600", b"Retry-After: 7200"),
        REJECTED, True),
    "retry_after_date_without_zone": Case(
        whole(b"429 Many", b"", b"Retry-After: Fri, 31 Dec 2049 23:59:59"), REJECTED, True),
    "retry_after_beyond_64_bits": Case(
        whole(b"429 Many", b"", b"Retry-After: 99999999999999999999999"), REJECTED, True),
    "retry_after_beyond_max_elapsed": Case(
        whole(b"429 Many", b"", b"Retry-After: 3600"), REJECTED, False),
    "retry_after_far_date": Case(
        whole(b"429 Many", b"", b"Retry-After: Fri, 31 Dec 2049 23:59:59 GMT"),
        REJECTED, False),
    "retry_after_date_beyond_time": Case(
        whole(b"429 Many", b"", b"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"),
        REJECTED, False),
    "retry_after_int64": Case(
        whole(b"429 Many", b"", b"Retry-After: 922337203685477580"), REJECTED, False),
    "retry_after_of_503_beyond": Case(
        whole(b"503 Full", b"", b"Retry-After: 3600"), UNKNOWN, False),
    "retry_after_in_a_cut_answer": unknown(
        b"HTTP/1.1 503 Full\r\nRetry-After: 3600\r\n", CUT_HEADERS),
}
