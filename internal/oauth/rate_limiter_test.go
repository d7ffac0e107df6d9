package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// rateWindow is the time between ten requests and the next ten.
const rateWindow = 1050 * time.Millisecond

func granted(int, *http.Request) (*http.Response, error) {
	return replied(200, `{"access_token":"token"}`), nil
}

func TestTenRequestsPerSecond(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		endpoint, sent := wired(t, time.Second, granted)
		endpoint.MaxRetries = 0 // makes the budget shorter than the last requests have to wait
		for range 25 {
			if _, err := endpoint.Token(t.Context(), theClient, patGrant, ready); err != nil {
				t.Fatal(err)
			}
		}
		want := slices.Concat(slices.Repeat([]time.Duration{0}, 10), slices.Repeat([]time.Duration{rateWindow}, 10),
			slices.Repeat([]time.Duration{2 * rateWindow}, 5))
		if diff := cmp.Diff(want, sent.at); diff != "" {
			t.Errorf("the times of the requests (-want +got):\n%s", diff)
		}
		<-time.After(time.Hour)
		started := time.Now()
		if _, err := endpoint.Token(t.Context(), theClient, patGrant, ready); err != nil || time.Since(started) != 0 {
			t.Errorf("a request after a long pause waited %s, %v", time.Since(started), err)
		}
	})
}

func TestRetriesAreRateLimited(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		endpoint, sent := wired(t, time.Minute, func(int, *http.Request) (*http.Response, error) { return replied(429, ""), nil })
		endpoint.Wait = func(int) time.Duration { return 0 }
		for range 3 { // four requests each
			failure := tokenError(t, secondOf(endpoint.Token(t.Context(), theClient, codeGrant, ready)))
			if failure.Outcome != oauth.Unavailable || failure.MaybeProcessed() {
				t.Errorf("outcome %d", failure.Outcome)
			}
		}
		want := slices.Concat(slices.Repeat([]time.Duration{0}, 10), slices.Repeat([]time.Duration{rateWindow}, 2))
		if diff := cmp.Diff(want, sent.at); diff != "" {
			t.Errorf("the times of the requests (-want +got):\n%s", diff)
		}
	})
}

// If a caller gives up while it waits for the rate limit, its error says that nothing was sent, or has the last answer.
func TestCanceledWhileRateLimited(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		endpoint, sent := wired(t, time.Minute, granted)
		for range 10 {
			if _, err := endpoint.Token(t.Context(), theClient, codeGrant, ready); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), rateWindow/2)
		defer cancel()
		failure := tokenError(t, secondOf(endpoint.Token(ctx, theClient, codeGrant, ready)))
		if failure.Outcome != oauth.NotSent || !errors.Is(failure.Err, context.DeadlineExceeded) || len(sent.at) != 10 {
			t.Errorf("outcome %d, %v after %d requests", failure.Outcome, failure.Err, len(sent.at))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		endpoint, sent := wired(t, rateWindow/4, func(int, *http.Request) (*http.Response, error) { return replied(429, ""), nil })
		endpoint.Wait, endpoint.MaxRetries = func(int) time.Duration { return 0 }, 1
		for range 4 { // two requests each
			_ = tokenError(t, secondOf(endpoint.Token(t.Context(), theClient, codeGrant, ready)))
		}
		endpoint.MaxRetries = 2 // the budget of three requests ends before the limit allows the last retry
		failure := tokenError(t, secondOf(endpoint.Token(t.Context(), theClient, codeGrant, ready)))
		if failure.Outcome != oauth.Unavailable || failure.Status != 429 || len(sent.at) != 10 || !strings.Contains(failure.Reason, "sent again") {
			t.Errorf("outcome %d, status %d, reason %q after %d requests", failure.Outcome, failure.Status, failure.Reason, len(sent.at))
		}
	})
}

// The window of a request begins when it is sent, not when its connection is opened or a slow server answers.
func TestRateLimitCountsFromSending(t *testing.T) {
	t.Parallel()

	const connecting, answering = 5 * time.Second, 20 * time.Second
	synctest.Test(t, func(t *testing.T) {
		endpoint, _ := wired(t, time.Minute, granted)
		endpoint.HTTP.Transport = slow{connecting, answering}
		started := time.Now()
		var waiting sync.WaitGroup
		for range 20 {
			waiting.Go(func() {
				if _, err := endpoint.Token(t.Context(), theClient, patGrant, ready); err != nil {
					t.Error(err)
				}
			})
		}
		waiting.Wait()
		if took := time.Since(started); took != connecting+rateWindow+connecting+answering {
			t.Errorf("twenty requests took %s", took)
		}
	})
}

// Revocations count toward the same limit.
func TestRevocationsAreRateLimited(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		endpoint, sent := wired(t, time.Minute, granted)
		for range 11 {
			if err := endpoint.Revoke(t.Context(), theClient, secret.New("token")); err != nil {
				t.Fatal(err)
			}
		}
		if last := sent.at[10]; last != rateWindow {
			t.Errorf("the eleventh revocation was sent after %s", last)
		}
	})
}

// slow is a network with delays before a request is sent and before it is answered.
type slow struct{ connecting, answering time.Duration }

func (s slow) RoundTrip(request *http.Request) (*http.Response, error) {
	<-time.After(s.connecting)
	httptrace.ContextClientTrace(request.Context()).WroteRequest(httptrace.WroteRequestInfo{})
	<-time.After(s.answering)
	return granted(0, request)
}

func secondOf[T any](_ T, err error) error { return err }
