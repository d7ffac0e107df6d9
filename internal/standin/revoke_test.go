package standin_test

import (
	"net/http"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestRevokedTokensAreRefused(t *testing.T) {
	t.Parallel()
	server := start(t)
	login := exchange(t, server, server.IssueCode(standin.CodeRequest{}))
	other := refresh(t, server, login.str("refresh_token"))
	revoke := func(token string) {
		t.Helper()
		if got := post(t, server.URL+"/oauth/revoke", "token", token); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.text)
		}
	}

	revoke(login.str("access_token"))
	if got := getMe(t, server, login.str("access_token")); got.status != http.StatusForbidden {
		t.Errorf("revoked access token: got status %d", got.status)
	}
	if got := getMe(t, server, other.str("access_token")); got.status != http.StatusOK {
		t.Errorf("other access token: got status %d", got.status)
	}
	wantRefused(t, postAs(t, standin.ClientID, "wrong", server.URL+"/oauth/revoke", "token", login.str("refresh_token")), http.StatusUnauthorized, "invalid_client")
	revoke(login.str("refresh_token"))
	wantRefused(t, refresh(t, server, login.str("refresh_token")), http.StatusBadRequest, "invalid_grant")
	if got := getMe(t, server, other.str("access_token")); got.status != http.StatusForbidden {
		t.Errorf("access token of the revoked login: got status %d", got.status)
	}
}
