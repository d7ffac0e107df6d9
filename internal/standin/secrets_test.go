package standin_test

import (
	"slices"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

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
