package standin_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestRepliesHaveTheDocumentedMembers(t *testing.T) {
	t.Parallel()
	server := start(t)

	code := exchange(t, server, server.IssueCode(standin.CodeRequest{}))
	refreshed := refresh(t, server, code.str("refresh_token"))
	personal := exchangePersonalAccessToken(t, server, server.IssuePersonalAccessToken())
	for name, c := range map[string]struct {
		got  reply
		want []string
	}{
		"code":                  {code, []string{"access_token", "expires_in", "loa", "principal", "refresh_token", "scope", "token_type"}},
		"refresh":               {refreshed, []string{"access_token", "expires_in", "principal", "scope"}},
		"personal access token": {personal, []string{"access_token", "expires_in", "principal", "scope", "token_type"}},
	} {
		wantGranted(t, c.got)
		if diff := cmp.Diff(c.want, c.got.members()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if c.got.body["expires_in"] != json.Number("3600") || c.got.str("principal") != standin.Principal ||
			c.got.str("scope") != standin.Scope {
			t.Errorf("%s: %s", name, c.got.text)
		}
	}
	if code.str("token_type") != "Bearer" || personal.str("token_type") != "Bearer" {
		t.Error("the token type is not Bearer")
	}
	if code.str("access_token") == refreshed.str("access_token") {
		t.Error("got the same access token twice")
	}
}

func TestCodeIsBoundToItsAuthorizeCall(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := start(t, standin.WithClock(clock.Now),
		standin.WithClient(standin.ClientID, standin.ClientSecret), standin.WithClient("second", "s"))
	address := server.URL + "/oauth/token"
	code := server.IssueCode(standin.CodeRequest{})

	wantRefused(t, post(t, address, "grant_type", "authorization_code", "code", code),
		http.StatusBadRequest, "invalid_grant")
	wantRefused(t, post(t, address, "grant_type", "authorization_code", "code", code, "redirect_uri", "https://example.com/other"),
		http.StatusBadRequest, "invalid_grant")
	wantRefused(t, postAs(t, "second", "s", address, "grant_type", "authorization_code", "code", code, "redirect_uri", standin.RedirectURI),
		http.StatusBadRequest, "invalid_grant")
	clock.Advance(10*time.Minute - time.Second)
	wantGranted(t, exchange(t, server, code)) // the refused requests did not use it up

	late := server.IssueCode(standin.CodeRequest{})
	clock.Advance(10 * time.Minute)
	wantRefused(t, exchange(t, server, late), http.StatusBadRequest, "invalid_grant")
}

func TestPKCE(t *testing.T) {
	t.Parallel()
	server := start(t)
	// From RFC 7636, appendix B.
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

	code := server.IssueCode(standin.CodeRequest{CodeChallenge: challenge})
	wantRefused(t, exchange(t, server, code), http.StatusBadRequest, "invalid_grant")
	wantRefused(t, exchange(t, server, code, "code_verifier", verifier+"x"), http.StatusBadRequest, "invalid_grant")
	wantGranted(t, exchange(t, server, code, "code_verifier", verifier))

	plain := server.IssueCode(standin.CodeRequest{})
	wantRefused(t, exchange(t, server, plain, "code_verifier", verifier), http.StatusBadRequest, "invalid_grant")
}

func TestRefreshTokenIsReplacedAfterSixtyPercentOfItsLife(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := start(t, standin.WithClock(clock.Now))
	token := server.IssueRefreshToken()

	clock.Advance(18*24*time.Hour - time.Second)
	if got := refresh(t, server, token); got.body["refresh_token"] != nil {
		t.Fatalf("replaced too early: %s", got.text)
	}
	clock.Advance(time.Second)
	got := refresh(t, server, token)
	wantGranted(t, got)
	next := got.str("refresh_token")
	if next == "" || next == token || got.str("token_type") != "Bearer" {
		t.Fatalf("not replaced: %s", got.text)
	}
	wantRefused(t, refresh(t, server, token), http.StatusBadRequest, "invalid_grant")

	clock.Advance(18*24*time.Hour - time.Second) // the new token has its own lifetime
	wantGranted(t, refresh(t, server, next))
	clock.Advance(12*24*time.Hour + time.Second)
	wantRefused(t, refresh(t, server, next), http.StatusBadRequest, "invalid_grant")
}

func TestReplacementPolicies(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := start(t, standin.WithClock(clock.Now))
	token := server.IssueRefreshToken()

	server.Configure(func(b *standin.Behavior) { b.ReplaceRefreshToken = standin.Never })
	clock.Advance(29 * 24 * time.Hour)
	if got := refresh(t, server, token); got.status != http.StatusOK || got.body["refresh_token"] != nil {
		t.Errorf("never: %d %s", got.status, got.text)
	}
	server.Configure(func(b *standin.Behavior) { b.EchoRefreshToken = true })
	if got := refresh(t, server, token); got.str("refresh_token") != token {
		t.Errorf("echo: %s", got.text)
	}
	server.Configure(func(b *standin.Behavior) { b.ReplaceRefreshToken = standin.Always })
	next := refresh(t, server, token).str("refresh_token")
	if next == "" || next == token {
		t.Error("always: not replaced")
	}
	wantRefused(t, refresh(t, server, token), http.StatusBadRequest, "invalid_grant")
	server.Configure(func(b *standin.Behavior) { b.ReplacedTokenLives = true })
	wantGranted(t, refresh(t, server, token))
	wantGranted(t, refresh(t, server, next))
}

func TestReuseEndsTheLogin(t *testing.T) {
	t.Parallel()
	server := start(t)
	server.Configure(func(b *standin.Behavior) {
		b.ReuseKillsFamily = true
		b.ReplaceRefreshToken = standin.Always
	})
	bystander := server.IssueRefreshToken()

	code := server.IssueCode(standin.CodeRequest{})
	login := exchange(t, server, code)
	wantRefused(t, exchange(t, server, code), http.StatusBadRequest, "invalid_grant")
	wantRefused(t, refresh(t, server, login.str("refresh_token")), http.StatusBadRequest, "invalid_grant")
	if got := getMe(t, server, login.str("access_token")); got.status != http.StatusForbidden {
		t.Errorf("access token of a replayed code: got status %d", got.status)
	}

	old := server.IssueRefreshToken()
	next := refresh(t, server, old).str("refresh_token")
	wantRefused(t, refresh(t, server, old), http.StatusBadRequest, "invalid_grant")
	wantRefused(t, refresh(t, server, next), http.StatusBadRequest, "invalid_grant")

	wantGranted(t, refresh(t, server, bystander))
}
