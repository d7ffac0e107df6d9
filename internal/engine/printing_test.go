package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestLoginPrintsNoSecret(t *testing.T) {
	t.Parallel()
	login := engine.Login{AccessToken: secret.New("the-access-token"), RefreshToken: secret.New("the-refresh-token")}
	request := with(oauth.AuthorizationCode, "the-code")
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s"} {
		printed := fmt.Sprintf(verb+verb, login, request)
		for _, text := range []string{"the-access-token", "the-refresh-token", "the-code", standin.ClientSecret} {
			if strings.Contains(printed, text) {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
	encoded, err := json.Marshal([]any{login, request})
	if err != nil || strings.Contains(string(encoded), "the-") {
		t.Errorf("as JSON: got %s and error %v", encoded, err)
	}
}

func TestEngineWithUnsavedLoginsAndFailuresPrintsNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	process := w.unsaved(request, func(s cache.Storage) cache.Storage {
		return &faultyStorage{Storage: s, write: errors.New("no space left")}
	})
	if _, _, err := process.Token(t.Context(), with(oauth.AuthorizationCode, "a-code-that-nobody-knows")); err == nil {
		t.Fatal("an unknown code was exchanged")
	}
	secrets := append(w.server.Secrets(), "a-code-that-nobody-knows")
	for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
		if found := standin.Leaks(fmt.Appendf(nil, verb, process), secrets); len(found) > 0 {
			t.Errorf("%s prints %v", verb, found)
		}
	}
}
