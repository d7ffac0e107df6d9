package oauth_test

import (
	"net/http"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

func TestErrorTextNamesEndpointAndStatus(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		err  oauth.TokenError
		want string
	}{
		{oauth.TokenError{Endpoint: "https://host/oauth/token", Reason: "connection refused"}, "POST https://host/oauth/token: connection refused"},
		{oauth.TokenError{Endpoint: "https://host/oauth/token", Status: 401, Reason: "r"}, "POST https://host/oauth/token: 401 Unauthorized: r"},
		{oauth.TokenError{Endpoint: "https://host/oauth/token", Status: 520, Reason: "r"}, "POST https://host/oauth/token: 520: r"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestMaybeProcessed(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		outcome oauth.Outcome
		status  int
		want    bool
	}{
		{oauth.NotSent, 0, false},
		{oauth.Interrupted, 0, true},
		{oauth.Unavailable, http.StatusTooManyRequests, false},
		{oauth.Unavailable, http.StatusServiceUnavailable, false},
		{oauth.Unavailable, http.StatusInternalServerError, true},
		{oauth.Unavailable, http.StatusBadGateway, true},
		{oauth.Unavailable, http.StatusGatewayTimeout, true},
		{oauth.Refused, http.StatusBadRequest, false},
		{oauth.Unusable, http.StatusOK, true},
	} {
		if got := (&oauth.TokenError{Outcome: test.outcome, Status: test.status}).MaybeProcessed(); got != test.want {
			t.Errorf("outcome %d, status %d: got %t", test.outcome, test.status, got)
		}
	}
}
