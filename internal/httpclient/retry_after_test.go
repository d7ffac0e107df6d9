package httpclient_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
)

var noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

func TestRetryAfter(t *testing.T) {
	t.Parallel()

	for value, want := range map[string]time.Duration{
		"":                                0,
		"0":                               0,
		"1":                               time.Second,
		" 120 ":                           2 * time.Minute,
		"0007":                            7 * time.Second,
		"31536000":                        httpclient.MaxRetryAfter,
		"31536001":                        httpclient.MaxRetryAfter,
		"9223372036854775807":             httpclient.MaxRetryAfter,
		"99999999999999999999999":         httpclient.MaxRetryAfter,
		"-1":                              0,
		"+1":                              0,
		"1.5":                             0,
		"1s":                              0,
		"soon":                            0,
		"Sun, 29 Mar 2026 12:00:30 GMT":   30 * time.Second,
		"Sunday, 29-Mar-26 12:01:00 GMT":  time.Minute,
		"Sun Mar 29 12:00:01 2026":        time.Second,
		"Sun, 29 Mar 2026 12:00:00 GMT":   0,
		"Sun, 29 Mar 2026 11:00:00 GMT":   0,
		"Fri, 31 Dec 9999 23:59:59 GMT":   httpclient.MaxRetryAfter,
		"Thu, 01 Jan 1970 00:00:00 GMT":   0,
		"Sun, 29 Mar 2026 14:00:30 +0200": 0, // not an HTTP date
	} {
		if got := httpclient.RetryAfter(http.Header{"Retry-After": {value}}, noon); got != want {
			t.Errorf("Retry-After: %s: got %s, want %s", value, got, want)
		}
	}
	if got := httpclient.RetryAfter(nil, noon); got != 0 {
		t.Errorf("without a header: got %s", got)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", " 5", "-1", "99999999999999999999", "Sun, 29 Mar 2026 12:00:30 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "٣"} {
		f.Add(seed, int64(0))
		f.Add(seed, int64(1)<<62)
	}
	f.Fuzz(func(t *testing.T, value string, now int64) {
		got := httpclient.RetryAfter(http.Header{"Retry-After": {value}}, time.Unix(now, 0))
		if got < 0 || got > httpclient.MaxRetryAfter {
			t.Fatalf("Retry-After %q at %d: %s", value, now, got)
		}
	})
}
