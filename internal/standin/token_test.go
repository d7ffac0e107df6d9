package standin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestClientSecretIsComparedRaw(t *testing.T) {
	t.Parallel()
	const colon = "with:colon+and=="
	server := start(t, standin.WithClient(standin.ClientID, standin.ClientSecret), standin.WithClient("second", colon))
	token := server.IssueRefreshToken()
	second := server.IssueRefreshTokenFor(standin.Login{ClientID: "second"})
	send := func(id, secret, token string) reply {
		return postAs(t, id, secret, server.URL+"/oauth/token", "grant_type", "refresh_token", "refresh_token", token)
	}

	wantGranted(t, send(standin.ClientID, standin.ClientSecret, token))
	wantGranted(t, send("second", colon, second))
	escaped := send(standin.ClientID, url.QueryEscape(standin.ClientSecret), token)
	wantRefused(t, escaped, http.StatusUnauthorized, "invalid_client")
	if escaped.header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
	wantRefused(t, send(standin.ClientID, colon, token), http.StatusUnauthorized, "invalid_client")
	wantRefused(t, send("second", colon, token), http.StatusBadRequest, "invalid_grant")

	unknown := send("nobody", standin.ClientSecret, token)
	want := map[string]any{"error": "invalid_client", "error_description": "client not found"}
	if diff := cmp.Diff(want, unknown.body); diff != "" || unknown.status != http.StatusUnauthorized {
		t.Errorf("unknown client: %d %s", unknown.status, diff)
	}
}

func TestCredentialsInTheFormAreRefused(t *testing.T) {
	t.Parallel()
	server := start(t)

	wantRefused(t, do(t, newRequest(t, http.MethodPost, server.URL+"/oauth/token", url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {server.IssueRefreshToken()},
		"client_id": {standin.ClientID}, "client_secret": {standin.ClientSecret},
	})), http.StatusUnauthorized, "invalid_client")
}

func TestMalformedTokenRequestsAreRefused(t *testing.T) {
	t.Parallel()
	server := start(t)
	address := server.URL + "/oauth/token"

	for name, got := range map[string]reply{
		"no grant_type":    post(t, address),
		"no refresh_token": post(t, address, "grant_type", "refresh_token"),
		"twice":            post(t, address, "grant_type", "refresh_token", "refresh_token", "a", "refresh_token", "b"),
	} {
		if got.status != http.StatusBadRequest || got.str("error") != "invalid_request" {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}

	notAForm := newRequest(t, http.MethodPost, address, url.Values{"grant_type": {"refresh_token"}})
	notAForm.Header.Set("Content-Type", "application/json")
	notAForm.SetBasicAuth(standin.ClientID, standin.ClientSecret)
	wantRefused(t, do(t, notAForm), http.StatusBadRequest, "invalid_request")

	wantRefused(t, post(t, address, "grant_type", "password"), http.StatusBadRequest, "unsupported_grant_type")

	if got := server.Counts(); got.Token != 5 || got.Refused != 5 || got.Granted != 0 {
		t.Errorf("counts %+v", got)
	}
}
