package engine_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Promise 9.
func TestEndedLogin(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized} {
		w := newWorld(t)
		w.server.Configure(func(b *standin.Behavior) { b.InvalidGrantStatus = status })
		code := w.code()
		code.Profile = "ada"
		w.token(code)
		w.counts(1, 0, 0)
		w.server.RevokeAll()
		w.pass(time.Hour)

		fails(w, code, func(err *engine.LoginEndedError) bool { return err.Grant == oauth.AuthorizationCode })
		fails(w, profile("ada"), func(err *engine.LoginEndedError) bool { return err.Grant == "" })
		w.counts(0, 1, 0) // one refresh for both processes, and the code was not sent again

		signedInAgain := w.code()
		signedInAgain.Profile = "ada"
		w.token(signedInAgain)
		w.token(profile("ada"))
		w.counts(1, 0, 0)
	}
}

func TestConfiguredRefreshTokenAfterEndedLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behavior) {
		b.ReplaceRefreshToken = standin.Always
		b.ReplacedTokenLives = true
	})
	request := w.refreshToken()
	w.token(request) // stores another login
	w.counts(0, 1, 0)

	w.pass(time.Hour)
	configured := request.Grant.Credential.Reveal()
	w.server.Configure(func(b *standin.Behavior) {
		b.Intercept = func(rw http.ResponseWriter, r *http.Request) bool {
			if err := r.ParseForm(); err != nil || r.PostForm.Get("refresh_token") == configured {
				return false
			}
			rw.WriteHeader(http.StatusBadRequest)
			_, err := rw.Write([]byte(`{"error":"invalid_grant"}`))
			return err == nil
		}
	})
	w.token(request)
	w.counts(0, 2, 0)
}

// A failure that is not about the credential or the login does not end the login.
func TestOtherRefusalsKeepTheLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	request.Profile = "ada"
	w.token(request)
	w.counts(0, 1, 0)
	w.pass(time.Hour)

	wrong := profile("ada")
	wrong.Client.Secret = secret.New("another")
	_, warnings, err := w.process().Token(t.Context(), wrong)
	if none, ok := errors.AsType[*engine.NoLoginError](err); !ok || len(warnings) > 0 || none.Found == nil || !none.Found.NeedsAnotherSealer() {
		t.Errorf("got warnings %v and error %v, want one about the secret", warnings, err)
	}
	w.counts(0, 0, 0)
	w.server.Configure(func(b *standin.Behavior) {
		b.Intercept = func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.WriteHeader(http.StatusInternalServerError)
			return true
		}
	})
	fails(w, profile("ada"), func(err *oauth.TokenError) bool { return err.Outcome == oauth.Unavailable })
	w.server.Configure(func(b *standin.Behavior) { b.Intercept = nil })
	w.server.ResetCounts()
	w.pass(time.Minute)
	w.token(profile("ada"))
	w.counts(0, 1, 0)
}
