package engine_test

import (
	"testing"
	"time"
)

// Fifty processes share one login that is due, twenty times. The server revokes the whole login when it sees a replaced
// refresh token. Each round takes one request, and every process gets a token.
func TestCrowd(t *testing.T) {
	t.Parallel()
	soak(t)
	w := newReuseDetectingWorld(t)
	asked := childRequest{RefreshToken: w.server.IssueRefreshToken()}
	for range 20 {
		children := make([]*child, 50)
		for i := range children {
			children[i] = w.start(asked)
		}
		for _, c := range children {
			must(t, c.release())
		}
		for _, c := range children {
			if output := c.finish(); output != "done" {
				t.Errorf("a process reported %q", output)
			}
		}
		w.counts(0, 1, 0)
		w.pass(time.Hour)
		asked.Ahead += time.Hour
	}
}
