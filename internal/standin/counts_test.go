package standin_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestCounts(t *testing.T) {
	t.Parallel()
	server := start(t)

	get(t, authorizeURL(server))
	login := exchange(t, server, server.IssueCode(standin.CodeRequest{}))
	refresh(t, server, login.str("refresh_token"))
	refresh(t, server, "dead")
	exchangePersonalAccessToken(t, server, server.IssuePersonalAccessToken())
	postAs(t, "nobody", "", server.URL+"/oauth/token", "grant_type", "refresh_token")
	post(t, server.URL+"/oauth/token", "grant_type", "password")
	getMe(t, server, login.str("access_token"))
	post(t, server.URL+"/oauth/revoke", "token", login.str("access_token"))
	get(t, server.URL+"/oauth/token")

	want := standin.Counts{
		Authorize: 1, Token: 6, Code: 1, Refresh: 3, PersonalAccessToken: 1, Granted: 3, Refused: 3, Me: 1, Revoke: 1,
	}
	if diff := cmp.Diff(want, server.Counts()); diff != "" {
		t.Error(diff)
	}
	server.ResetCounts()
	if diff := cmp.Diff(standin.Counts{}, server.Counts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(standin.TokenRequest{}, server.LastToken()); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsAreComplete(t *testing.T) {
	t.Parallel()
	server := start(t)
	server.Configure(func(b *standin.Behavior) { b.ReplaceRefreshToken = standin.Always })

	code, personal := server.IssueCode(standin.CodeRequest{}), server.IssuePersonalAccessToken()
	login := exchange(t, server, code)
	next := refresh(t, server, login.str("refresh_token"))
	server.RevokeAll()

	secrets := server.Secrets()
	for name, secret := range map[string]string{
		"client secret": standin.ClientSecret, "code": code, "personal access token": personal,
		"access token": login.str("access_token"), "refresh token": login.str("refresh_token"),
		"second access token": next.str("access_token"), "second refresh token": next.str("refresh_token"),
		"Basic credentials": "N2MxZjNhNTItMGQ0ZS00YjhhLTlmNjYtMmY1YjFjOWUwYTM3Om5vdCthK3JlYWwvc2VjcmV0PT0=",
	} {
		if !slices.Contains(secrets, secret) {
			t.Errorf("missing %s", name)
		}
	}
	if slices.Contains(secrets, "") {
		t.Error("got an empty secret, which every search would find")
	}
}
