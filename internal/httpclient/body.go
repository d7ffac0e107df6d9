package httpclient

import (
	"bytes"
	"io"
)

// MaxBody limits how much of a reply is used, in bytes.
const MaxBody = 1 << 20

// ReadBody reads the body of a reply, up to one byte more than [MaxBody], so that callers notice a longer body.
func ReadBody(body io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(body, MaxBody+1))
}

// TrimByteOrderMark removes a byte order mark. It is not valid JSON, but RFC 8259 section 8.1 allows parsers to ignore
// it.
func TrimByteOrderMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }
