package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestEngineAndLoginPrintNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	process, _ := w.unsaved(request)
	code := with(oauth.AuthorizationCode, "a-code-that-is-unknown")
	failsOn(w, process, code, func(*oauth.TokenError) bool { return true })
	login := engine.Login{AccessToken: secret.New("the-access-token"), RefreshToken: secret.New("the-refresh-token")}
	secrets := append(w.server.Secrets(), code.Grant.Credential.Reveal(), "the-access-token", "the-refresh-token")
	encoded, err := json.Marshal([]any{login, code})
	must(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s"} {
		if found := standin.Leaks(fmt.Appendf(encoded, verb+verb+verb, process, login, code), secrets); len(found) > 0 {
			t.Errorf("%s or JSON prints %v", verb, found)
		}
	}
}
