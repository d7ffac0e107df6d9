package engine_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// ask returns the sign-in that a new process requests.
func (w *world) ask(profile string, pkce bool) engine.SignIn {
	w.Helper()
	pending, err := w.process().AskToSignIn(w.Context(), client, profile, pkce)
	must(w, err)
	return pending
}

// callback is the request with the code that a person brings back from a sign-in for ada.
func (w *world) callback(pending engine.SignIn) engine.Request {
	w.Helper()
	issued := standin.CodeRequest{RedirectURI: pending.RedirectURI}
	if !pending.CodeVerifier.IsEmpty() {
		issued.CodeChallenge = oauth.S256(pending.CodeVerifier)
	}
	request := with(oauth.AuthorizationCode, w.server.IssueCode(issued))
	request.State, request.Profile = pending.State, "ada"
	return request
}

// All processes request the same sign-in while it is pending. Each time restarts its hour, so that the person who sees
// the address has the full time.
func TestPendingSignInIsReused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask("ada", true)
	if again := w.ask("ada", true); again.State != first.State || !again.CodeVerifier.Equal(first.CodeVerifier) {
		t.Error("the second process requests a different sign-in")
	}
	for name, other := range map[string]engine.SignIn{"another profile": w.ask("grace", true), "no PKCE": w.ask("ada", false)} {
		if other.State == first.State || other.State == "" {
			t.Errorf("%s: the sign-in has the state %q", name, other.State)
		}
	}
	w.pass(engine.SignInLife - time.Minute)
	if w.ask("ada", true).State != first.State {
		t.Error("the sign-in is not pending for its lifetime")
	}
	w.pass(10 * time.Minute)
	w.token(w.callback(first)) // asking again has restarted its hour
	second := w.ask("ada", true)
	if w.pass(engine.SignInLife); w.ask("ada", true).State == second.State {
		t.Error("the sign-in is still pending after its lifetime")
	}
}

// Sign-ins with different redirect URIs, with and without PKCE, don't end each other. Each finishes with its own
// redirect URI, even if the run that receives its address uses a different one.
func TestConcurrentSignIns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere := client
	elsewhere.RedirectURI = w.server.LandingURI()
	third, err := w.process().AskToSignIn(t.Context(), elsewhere, "ada", true)
	must(t, err)
	first, second := w.ask("ada", true), w.ask("ada", false)
	if w.ask("ada", true).State != first.State {
		t.Error("a different sign-in replaced a pending one")
	}
	for _, pending := range []engine.SignIn{first, second, third} {
		w.token(w.callback(pending))
	}
	w.counts(3, 0, 0)
}

// A code that GoTo could not process remains valid for its sign-in, even if another block has requested the next one.
func TestUnprocessedCodeCanBeSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	callback := w.callback(w.ask("ada", true))
	w.server.Configure(func(b *standin.Behavior) {
		b.Intercept = func(response http.ResponseWriter, _ *http.Request) bool {
			response.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
	})
	fails(w, callback, func(err *oauth.TokenError) bool { return !err.MaybeProcessed() })
	w.server.Configure(func(b *standin.Behavior) { b.Intercept = nil })
	w.ask("ada", true)
	w.pass(time.Minute)
	w.token(callback)
}

func TestSignInIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, want := range []bool{false, true, false} {
		if _, shown, err := w.process().ShowSignIn(t.Context(), client, "ada", true); err != nil || shown != want {
			t.Errorf("got shown %t and error %v, want shown %t", shown, err, want)
		}
		w.pass(40 * time.Second)
	}
	pending, shown, err := w.engineOn(cache.NewMemory()).ShowSignIn(t.Context(), client, "ada", true)
	if err != nil || shown || pending.State != "" || !pending.CodeVerifier.IsEmpty() {
		t.Errorf("without a cache: got state %q, shown %t, error %v", pending.State, shown, err)
	}
}

// Any process can finish a sign-in with the right verifier, but only with one code and only for its profile.
func TestSignInIsFinishedOnce(t *testing.T) {
	t.Parallel()
	for _, pkce := range []bool{true, false} {
		w := newWorld(t)
		pending := w.ask("ada", pkce)
		first, second := w.callback(pending), w.callback(pending)
		foreign := first
		foreign.Profile = "grace"
		refused := func(err *engine.SignInError) bool { return err.AskedFor != nil && *err.AskedFor == "ada" }
		fails(w, foreign, refused)
		w.counts(0, 0, 0)

		w.token(first)
		w.token(first)
		w.token(profile("ada"))
		w.counts(1, 0, 0)
		fails(w, foreign, refused)
		fails(w, second, func(err *engine.SignInError) bool { return err.AskedFor == nil })
		fails(w, profile("grace"), func(*engine.NoLoginError) bool { return true })
		w.counts(0, 0, 0)

		if w.ask("ada", pkce).State == pending.State {
			t.Error("a finished sign-in is requested again")
		}
	}
}

func TestSignInThatIsNotPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expired := w.callback(w.ask("ada", true))
	w.pass(engine.SignInLife)
	invented := w.callback(engine.SignIn{State: "goto-INVENTED"})
	for name, request := range map[string]engine.Request{"expired": expired, "invented": invented} {
		t.Log(name)
		fails(w, request, func(err *engine.SignInError) bool { return err.Profile == "ada" && err.AskedFor == nil })
	}
	w.counts(0, 0, 0)

	theirs := w.callback(engine.SignIn{State: "chosen by the configuration"})
	w.token(theirs)
	w.counts(1, 0, 0)
}

func TestFailedSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pending := w.ask("ada", true)
	failed := engine.FailedSignIn{Run: engine.Run(), At: w.time().UTC().Round(time.Second), Refused: true, Reason: "access_denied"}
	must(t, w.process().SignInFailed(t.Context(), client, "ada", failed))
	got, err := w.process().FailedSignIn(t.Context(), client, "ada")
	if err != nil || got == nil || *got != failed {
		t.Errorf("got %v and error %v", got, err)
	}
	if w.ask("ada", true).State != pending.State {
		t.Error("the failure ended the sign-in")
	}
}
