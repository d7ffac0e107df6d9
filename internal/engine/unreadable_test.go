package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

func TestDamagedEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refreshToken, code := w.refreshToken(), w.code()
	w.token(refreshToken)
	w.token(code)
	w.counts(1, 1, 0)
	entries, err := filepath.Glob(filepath.Join(w.directory, "*.v2"))
	must(t, err)
	for _, entry := range entries {
		contents, err := os.ReadFile(entry)
		must(t, err)
		contents[len(contents)-1] ^= 1
		must(t, os.WriteFile(entry, contents, 0o600))
	}

	warns(w, w.process(), refreshToken, func(engine.UnreadableWarning) bool { return true })
	w.counts(0, 1, 0)
	fails(w, code, func(err *engine.LoginEndedError) bool { return err.Grant == oauth.AuthorizationCode })
	w.counts(0, 0, 0) // the entry shows that the code was used
	w.token(refreshToken)
}

// Entries sealed with a former client secret stay, because runs with that secret can still use them.
func TestAnotherClientSecretKeepsEntry(t *testing.T) {
	t.Parallel()
	const otherSecret = "the client secret after it was renewed"
	w := newWorld(t)
	request := w.refreshToken()
	first := w.token(request)

	renewed := request
	renewed.Client.Secret = secret.New(otherSecret)
	_, warnings, err := w.process().Token(t.Context(), renewed)
	if _, ok := only[engine.UnreadableWarning](warnings); err == nil || !ok {
		t.Errorf("got warnings %v and error %v", warnings, err)
	}
	w.server.ResetCounts()
	if again := w.token(request); !again.AccessToken.Equal(first.AccessToken) {
		t.Error("the entry has changed")
	}
	w.counts(0, 0, 0)
}
