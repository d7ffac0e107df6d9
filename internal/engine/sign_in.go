package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// SignIn is a sign-in that a person has been asked for. It is kept, sealed, under client and profile, so that any
// process can finish it.
type SignIn struct {
	// State is in the authorize URL, and comes back with the code (RFC 6749 section 10.12). Empty where no sign-in can
	// be kept: the URL then has none.
	State string
	// CodeVerifier is sent with the code (RFC 7636), empty without PKCE.
	CodeVerifier secret.Value
	RedirectURI  string
	AskedAt      time.Time
	// ShownIn is the run in which the address was shown last, ShownAt when that was.
	ShownIn string
	ShownAt time.Time
	// Code is the fingerprint of the code that came back, which finishes the sign-in; empty while it is pending.
	Code string
	// Failed is how a browser sign-in under this profile ended last without a login, nil if none did.
	Failed *FailedSignIn
}

// FailedSignIn is a browser sign-in that ended without a login.
type FailedSignIn struct {
	Run     string // see [Run]
	At      time.Time
	Window  bool   // a browser could have come back; otherwise another sign-in had the port
	Refused bool   // by the person or by GoTo; otherwise nobody signed in before the time was up
	Reason  string // a clause, without secrets
}

// SignInLife is how long a sign-in stays pending.
const SignInLife = time.Hour

// oneShow is how long a run does not show an address again: as long as the errors of one walk may take to come together.
const oneShow = time.Minute

// signInPrefix tells the states of this provider from those that configurations choose.
const signInPrefix = "goto-"

// Run names the run of the command line that this process belongs to: all provider processes of a run have one parent.
func Run() string {
	host, err := os.Hostname()
	if err != nil {
		host = "" // the process alone still tells something
	}
	return fmt.Sprintf("%d@%s", os.Getppid(), host)
}

// AuthorizeURL returns the address at which the person signs in.
func (s SignIn) AuthorizeURL(server oauth.Server, client oauth.Client) string {
	request := oauth.AuthorizationRequest{ClientID: client.ID, RedirectURI: s.RedirectURI, State: s.State}
	if !s.CodeVerifier.IsEmpty() {
		request.CodeChallenge = oauth.S256(s.CodeVerifier)
	}
	return server.AuthorizeURL(request)
}

// AskToSignIn returns the sign-in that is pending for a profile (empty: for a login without one), or begins one. With
// the cache off the sign-in has no state.
func (e *Engine) AskToSignIn(ctx context.Context, client oauth.Client, profile string, pkce bool) (SignIn, error) {
	pending, _, err := e.ask(ctx, client, profile, pkce, false)
	return pending, err
}

// ShowSignIn is AskToSignIn for an address that is shown to a person. Shown tells that this run has shown it before.
func (e *Engine) ShowSignIn(ctx context.Context, client oauth.Client, profile string, pkce bool) (pending SignIn, shown bool, err error) {
	return e.ask(ctx, client, profile, pkce, true)
}

func (e *Engine) ask(ctx context.Context, client oauth.Client, profile string, pkce, show bool) (pending SignIn, shown bool, err error) {
	if !e.Cache.Persistent() {
		return SignIn{RedirectURI: client.RedirectURI}, false, nil
	}
	begun := false
	pending, err = e.changeSignIn(ctx, client, profile, func(s *SignIn) bool {
		if begun = !s.isPending(e.Now()) || s.RedirectURI != client.RedirectURI || s.CodeVerifier.IsEmpty() == pkce; begun {
			*s = SignIn{State: signInPrefix + rand.Text(), RedirectURI: client.RedirectURI, AskedAt: e.Now().UTC(), Failed: s.Failed}
			if pkce {
				s.CodeVerifier = secret.New(rand.Text() + rand.Text()) // 52 characters of the alphabet of RFC 7636
			}
		}
		age := e.Now().Sub(s.ShownAt)
		shown = s.ShownIn == Run() && -clockTolerance < age && age < oneShow
		if isNew := show && !shown; isNew {
			s.ShownIn, s.ShownAt = Run(), e.Now().UTC()
			return true
		}
		return begun
	})
	if begun && err == nil {
		e.nameSignIn(ctx, client, profile, pending.State)
	}
	return pending, shown, err
}

// SignInFailed notes how a browser sign-in ended, for the other processes of the run.
func (e *Engine) SignInFailed(ctx context.Context, client oauth.Client, profile string, failed FailedSignIn) error {
	_, err := e.changeSignIn(context.WithoutCancel(ctx), client, profile, func(s *SignIn) bool {
		s.Failed = &failed
		return true
	})
	return err
}

// FailedSignIn returns how a browser sign-in under profile ended last, nil if none did.
func (e *Engine) FailedSignIn(ctx context.Context, client oauth.Client, profile string) (*FailedSignIn, error) {
	text, err := e.Cache.Read(ctx, e.signInKey(client, profile), client.Secret)
	if err != nil {
		return nil, ignoreMissing(err)
	}
	return decodeSignIn(text).Failed, nil
}

// finishSignIn returns the sign-in that the request's code and state belong to, bound to that code: no other one finishes
// it. The error is a [*SignInError] if no such sign-in is pending.
func (e *Engine) finishSignIn(ctx context.Context, request Request) (SignIn, error) {
	code := cache.NewKey("code", request.Grant.Credential.Reveal()).String()
	accepted := false
	found, err := e.changeSignIn(ctx, request.Client, request.Profile, func(s *SignIn) bool {
		accepted = secret.New(s.State).Equal(secret.New(request.State)) && (s.Code == code || s.isPending(e.Now()))
		isNew := accepted && s.Code == ""
		if isNew {
			s.Code = code
		}
		return isNew
	})
	switch {
	case err != nil:
		return SignIn{}, &CacheError{Err: err}
	case !accepted:
		return SignIn{}, e.foreignSignIn(ctx, request)
	}
	return found, nil
}

// foreignSignIn says whose sign-in the state of a request belongs to.
func (e *Engine) foreignSignIn(ctx context.Context, request Request) error {
	text, err := e.Cache.Read(ctx, e.stateKey(request.Client, request.State), request.Client.Secret)
	var named namedState
	if err != nil || json.Unmarshal(text, &named) != nil || named.Profile == request.Profile {
		return &SignInError{Profile: request.Profile}
	}
	return &SignInError{Profile: request.Profile, AskedFor: &named.Profile}
}

// isOurs tells whether the code of request came back with the state of a sign-in that this provider has asked for.
func (r Request) isOurs() bool {
	return r.Grant.Type == oauth.AuthorizationCode && strings.HasPrefix(r.State, signInPrefix)
}

func (s SignIn) isPending(now time.Time) bool {
	age := now.Sub(s.AskedAt)
	return s.State != "" && s.Code == "" && -clockTolerance < age && age < SignInLife
}

// changeSignIn lets change work on the sign-in of a profile, and stores the result where change returns true.
func (e *Engine) changeSignIn(ctx context.Context, client oauth.Client, profile string, change func(*SignIn) bool) (SignIn, error) {
	key := e.signInKey(client, profile)
	for {
		claim, err := e.Cache.Claim(ctx, key)
		if err != nil {
			return SignIn{}, err
		}
		changed, err := changeClaimedSignIn(ctx, claim, client.Secret, change)
		e.end(ctx, claim)
		if !errors.Is(err, errOvertaken) {
			return changed, err
		}
	}
}

func changeClaimedSignIn(ctx context.Context, claim *cache.Claim, sealer secret.Value, change func(*SignIn) bool) (SignIn, error) {
	text, err := claim.Read(ctx, sealer)
	if err := ignoreMissing(err); err != nil {
		return SignIn{}, err
	}
	s := decodeSignIn(text)
	if !change(&s) {
		return s, nil
	}
	if text, err = s.encode(); err != nil {
		return SignIn{}, err
	}
	return s, claim.Write(ctx, sealer, text, cache.Lasting)
}

// ignoreMissing returns err, unless it says that there is nothing that can be read: a sign-in can always be begun again.
func ignoreMissing(err error) error {
	if _, unreadable := errors.AsType[*cache.UnreadableError](err); unreadable || errors.Is(err, cache.ErrNotFound) {
		return nil
	}
	return err
}

func (e *Engine) signInKey(client oauth.Client, profile string) cache.Key {
	return cache.NewKey("sign-in", e.Endpoint.Server.String(), client.ID, profile)
}

// namedState is what is kept of a state, so that an address which is pasted for another profile can be named.
type namedState struct {
	Profile string `json:"profile"`
}

func (e *Engine) stateKey(client oauth.Client, state string) cache.Key {
	return cache.NewKey("sign-in state", e.Endpoint.Server.String(), client.ID, state)
}

func (e *Engine) nameSignIn(ctx context.Context, client oauth.Client, profile, state string) {
	text, err := json.Marshal(namedState{profile})
	if err == nil {
		err = e.Cache.Hint(ctx, e.stateKey(client, state), client.Secret, text)
	}
	if err != nil {
		e.log(ctx, "the address of a sign-in cannot be told from that of another profile", map[string]any{"error": err.Error()})
	}
}

// storedSignIn is the text of a sign-in. Its names never change.
type storedSignIn struct {
	State        string        `json:"state"`
	CodeVerifier string        `json:"code_verifier,omitempty"`
	RedirectURI  string        `json:"redirect_uri,omitempty"`
	AskedAt      time.Time     `json:"asked_at"`
	ShownIn      string        `json:"shown_in,omitempty"`
	ShownAt      time.Time     `json:"shown_at,omitzero"`
	Code         string        `json:"code,omitempty"`
	Failed       *FailedSignIn `json:"failed,omitempty"`
}

func (s SignIn) encode() ([]byte, error) {
	return json.Marshal(storedSignIn{s.State, s.CodeVerifier.Reveal(), s.RedirectURI, s.AskedAt, s.ShownIn, s.ShownAt, s.Code, s.Failed})
}

// decodeSignIn returns the zero sign-in where text is none.
func decodeSignIn(text []byte) SignIn {
	var stored storedSignIn
	if json.Unmarshal(text, &stored) != nil {
		return SignIn{}
	}
	return SignIn{stored.State, secret.New(stored.CodeVerifier), stored.RedirectURI, stored.AskedAt, stored.ShownIn, stored.ShownAt, stored.Code, stored.Failed}
}
