package httpclient

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter parses the Retry-After header, in seconds or as a date (RFC 9110 section 10.2.3). It returns 0 if there is
// none, if it cannot be parsed, and if its time has passed.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if limit := int64(maxRetryAfter / time.Second); err != nil || seconds > limit {
			return maxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxRetryAfter)
}

// maxRetryAfter keeps absurd values from overflowing. The budget of a request limits the wait itself.
const maxRetryAfter = 365 * 24 * time.Hour
