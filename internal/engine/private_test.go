package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestPrivateTokenIsNotStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	code := w.code()
	private := code
	private.Private = true

	first, second := w.token(private), w.token(private)
	w.counts(1, 1, 0)
	shared := w.token(code)
	w.counts(0, 1, 0)
	third := w.token(private)
	if again := w.token(code); !again.AccessToken.Equal(shared.AccessToken) {
		t.Error("a private request removed the shared token")
	}
	w.counts(0, 1, 0)
	tokens := []engine.Login{first, second, shared, third}
	for i, one := range tokens {
		for _, other := range tokens[:i] {
			if one.AccessToken.Equal(other.AccessToken) {
				t.Error("a private token was handed out twice")
			}
		}
	}
}

func TestPrivatePersonalAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	private := with(oauth.PersonalAccessToken, w.server.IssuePersonalAccessToken())
	private.Private = true
	w.token(private)
	w.token(private)
	w.counts(0, 0, 2)
	if entries, err := filepath.Glob(filepath.Join(w.directory, "*.v2")); err != nil || len(entries) > 0 {
		t.Errorf("got entries %v and error %v", entries, err)
	}
}

// A code without a refresh token is sent only once, even if its access token is not stored.
func TestPrivateTokenOfCodeWithoutRefreshToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behavior) { b.OmitReply = []string{"refresh_token"} })
	code := w.code()
	code.Private = true
	w.token(code)
	for range 2 {
		fails(w, code, func(err *engine.LoginEndedError) bool { return err.Private && err.Err == nil })
	}
	w.counts(1, 0, 0)
}
