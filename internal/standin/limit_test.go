package standin_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestRequestsPerSecond(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := start(t, standin.WithClock(clock.Now))
	server.Configure(func(b *standin.Behavior) { b.RequestsPerSecond = 2 })
	token := server.IssueRefreshToken()
	wantRateLimited := func(retryAfter string) {
		t.Helper()
		if got := refresh(t, server, token); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != retryAfter {
			t.Errorf("got %d, Retry-After %q, want %q", got.status, got.header.Get("Retry-After"), retryAfter)
		}
	}

	wantGranted(t, refresh(t, server, token))
	clock.Advance(900 * time.Millisecond)
	wantGranted(t, refresh(t, server, token))
	wantRateLimited("")
	clock.Advance(100 * time.Millisecond) // the first request was a second ago, the second one was not
	wantGranted(t, refresh(t, server, token))
	server.Configure(func(b *standin.Behavior) { b.RetryAfter = 3 * time.Second })
	wantRateLimited("3")
	if got := server.Counts(); got.Token != 5 || got.Granted != 3 || got.TurnedAway != 2 || got.Refused != 0 {
		t.Errorf("got %+v", got)
	}
}
