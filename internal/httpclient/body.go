package httpclient

import (
	"bytes"
	"io"
)

// MaxBody is how much of a reply is read at most, in bytes.
const MaxBody = 1 << 20

// ReadBody reads the body of a reply. It reads one byte more than [MaxBody] at most, by which callers recognize a
// longer body.
func ReadBody(body io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(body, MaxBody+1))
}

// WithoutMark drops a byte order mark, which is not JSON, but which RFC 8259 section 8.1 allows readers to ignore.
func WithoutMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }
