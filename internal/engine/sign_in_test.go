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

// ask returns the sign-in that a new process asks for.
func (w *world) ask(profile string, pkce bool) engine.SignIn {
	w.Helper()
	pending, err := w.process().AskToSignIn(w.Context(), client, profile, pkce)
	if err != nil {
		w.Fatal(err)
	}
	return pending
}

// landed is the request with the code that a person brings back from a sign-in for ada.
func (w *world) landed(pending engine.SignIn) engine.Request {
	w.Helper()
	issued := standin.CodeRequest{RedirectURI: pending.RedirectURI}
	if !pending.CodeVerifier.IsEmpty() {
		issued.CodeChallenge = oauth.S256(pending.CodeVerifier)
	}
	request := with(oauth.AuthorizationCode, w.server.IssueCode(issued))
	request.State, request.Profile = pending.State, "ada"
	return request
}

// One sign-in is asked for as long as it is pending, whichever process asks.
func TestSignInStaysTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask("ada", true)
	if again := w.ask("ada", true); again.State != first.State || !again.CodeVerifier.Equal(first.CodeVerifier) {
		t.Error("the second process asks for another sign-in")
	}
	for name, other := range map[string]engine.SignIn{"another profile": w.ask("grace", true), "no PKCE": w.ask("ada", false)} {
		if other.State == first.State || other.State == "" {
			t.Errorf("%s: the sign-in has the state %q", name, other.State)
		}
	}
	first = w.ask("ada", true)
	if w.pass(engine.SignInLife); w.ask("ada", true).State == first.State {
		t.Error("the sign-in is pending for more than its life")
	}
}

// Sign-ins for another redirect URI, with and without PKCE, do not end each other. Each is finished with its own redirect
// URI, whatever the run has to which its address is given.
func TestSignInsSideBySide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere := client
	elsewhere.RedirectURI = w.server.LandingURI()
	third, err := w.process().AskToSignIn(t.Context(), elsewhere, "ada", true)
	if err != nil {
		t.Fatal(err)
	}
	first, second := w.ask("ada", true), w.ask("ada", false)
	if w.ask("ada", true).State != first.State {
		t.Error("another sign-in has taken the place of one that is pending")
	}
	for _, pending := range []engine.SignIn{first, second, third} {
		w.token(w.landed(pending))
	}
	w.counts(3, 0, 0)
}

// The hour of a sign-in begins again when it is asked for again: the person who is shown its address has that time.
func TestSignInIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pending := w.ask("ada", true)
	w.pass(engine.SignInLife - time.Minute)
	if w.ask("ada", true).State != pending.State {
		t.Fatal("another sign-in is asked for")
	}
	w.pass(10 * time.Minute)
	w.token(w.landed(pending))
}

// A code that GoTo could not take is still good for its sign-in, even if another block has asked for the next one.
func TestSignInIsFinishedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	landed := w.landed(w.ask("ada", true))
	w.server.Configure(func(b *standin.Behavior) {
		b.Intercept = func(response http.ResponseWriter, _ *http.Request) bool {
			response.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
	})
	fails(w, landed, func(err *oauth.TokenError) bool { return !err.MaybeProcessed() })
	w.server.Configure(func(b *standin.Behavior) { b.Intercept = nil })
	w.ask("ada", true)
	w.pass(time.Minute)
	w.token(landed)
}

func TestSignInIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, want := range []bool{false, true, true} {
		if _, shown, err := w.process().ShowSignIn(t.Context(), client, "ada", true); err != nil || shown != want {
			t.Errorf("shown is %t, error %v; want %t", shown, err, want)
		}
	}
	w.pass(2 * time.Minute)
	if _, shown, err := w.process().ShowSignIn(t.Context(), client, "ada", true); err != nil || shown {
		t.Errorf("after a while, shown is %t, error %v", shown, err)
	}
}

func TestSignInWithoutCacheHasNoState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pending, shown, err := w.engineOn(cache.NewMemory()).ShowSignIn(t.Context(), client, "ada", true)
	if err != nil || shown || pending.State != "" || !pending.CodeVerifier.IsEmpty() {
		t.Errorf("got state %q, shown %t, error %v", pending.State, shown, err)
	}
}

// A sign-in is finished by any process, with the right verifier, by one code and for its profile only.
func TestSignInIsFinishedOnce(t *testing.T) {
	t.Parallel()
	for _, pkce := range []bool{true, false} {
		w := newWorld(t)
		pending := w.ask("ada", pkce)
		first, second := w.landed(pending), w.landed(pending)
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
			t.Error("a finished sign-in is asked for again")
		}
	}
}

func TestSignInThatIsNotPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expired := w.landed(w.ask("ada", true))
	w.pass(engine.SignInLife)
	invented := w.landed(engine.SignIn{State: "goto-INVENTED"})
	for name, request := range map[string]engine.Request{"expired": expired, "invented": invented} {
		t.Log(name)
		fails(w, request, func(err *engine.SignInError) bool { return err.Profile == "ada" && err.AskedFor == nil })
	}
	w.counts(0, 0, 0)

	theirs := w.landed(engine.SignIn{State: "chosen by the configuration"})
	w.token(theirs)
	w.counts(1, 0, 0)
}

func TestFailedSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pending := w.ask("ada", true)
	failed := engine.FailedSignIn{Run: engine.Run(), At: w.time().UTC().Round(time.Second), Refused: true, Reason: "access_denied"}
	if err := w.process().SignInFailed(t.Context(), client, "ada", failed); err != nil {
		t.Fatal(err)
	}
	got, err := w.process().FailedSignIn(t.Context(), client, "ada")
	if err != nil || got == nil || *got != failed {
		t.Errorf("got %v and error %v", got, err)
	}
	if w.ask("ada", true).State != pending.State {
		t.Error("the failure has ended the sign-in")
	}
}
