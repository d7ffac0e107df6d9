package httpclient

import (
	"bytes"
	"io"
)

// MaxBody bounds what is read of a reply, in bytes.
const MaxBody = 1 << 20

// ReadBody reads the body of a reply, and of one that is longer than [MaxBody] one byte more than that.
func ReadBody(body io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(body, MaxBody+1))
}

// WithoutMark drops a byte order mark: it is no JSON, but RFC 8259 section 8.1 lets readers ignore it.
func WithoutMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }
