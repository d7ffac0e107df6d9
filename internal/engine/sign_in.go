package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// SignIn is a sign-in that was requested from a person. It is stored under client and profile, so that any process can
// finish it.
type SignIn struct {
	// State is sent in the authorize URL and returned with the code (RFC 6749 section 10.12). It is empty if sign-ins
	// cannot be stored.
	State string
	// CodeVerifier is sent with the code (RFC 7636). It is empty without PKCE.
	CodeVerifier secret.Value
	RedirectURI  string
	// AskedAt is when the person was last asked.
	AskedAt time.Time
	// ShownIn is the run in which the address was last shown, and ShownAt is when.
	ShownIn string
	ShownAt time.Time
	// Code is the fingerprint of the code that finished the sign-in. It is empty while the sign-in is pending.
	Code string
}

// FailedSignIn is a browser sign-in that ended without a login.
type FailedSignIn struct {
	Run     string // see [Run]
	At      time.Time
	Window  bool   // the window was open; otherwise another sign-in had the port
	Refused bool   // by the person or by GoTo; otherwise nobody signed in in time
	Reason  string // a clause, without secrets
}

// SignInLife is how long a sign-in stays pending after it was last asked for.
const SignInLife = time.Hour

// showInterval is how long a run waits before it shows an address again: longer than one plan or apply collects errors.
const showInterval = time.Minute

// signInPrefix distinguishes the states of this provider from those that configurations choose.
const signInPrefix = "goto-"

// AuthorizeURL returns the address at which the person signs in.
func (s SignIn) AuthorizeURL(server oauth.Server, client oauth.Client) string {
	request := oauth.AuthorizationRequest{ClientID: client.ID, RedirectURI: s.RedirectURI, State: s.State}
	if !s.CodeVerifier.IsEmpty() {
		request.CodeChallenge = oauth.S256(s.CodeVerifier)
	}
	return server.AuthorizeURL(request)
}

// AskToSignIn returns the sign-in that is pending for a profile, which is empty for a login without one, or begins one.
// With the cache off, the sign-in has no state.
func (e *Engine) AskToSignIn(ctx context.Context, client oauth.Client, profile string, pkce bool) (SignIn, error) {
	pending, _, err := e.ask(ctx, client, profile, pkce, false)
	return pending, err
}

// ShowSignIn is AskToSignIn for an address that is shown to a person. It reports whether this run has shown it before.
func (e *Engine) ShowSignIn(ctx context.Context, client oauth.Client, profile string, pkce bool) (pending SignIn, shown bool, err error) {
	return e.ask(ctx, client, profile, pkce, true)
}

func (e *Engine) ask(ctx context.Context, client oauth.Client, profile string, pkce, show bool) (pending SignIn, shown bool, err error) {
	if !e.Cache.Persistent() {
		return SignIn{RedirectURI: client.RedirectURI}, false, nil
	}
	begun := false
	err = e.changeSignIns(ctx, client, profile, func(s *signIns) bool {
		now := e.Now().UTC()
		i := slices.IndexFunc(s.asked, func(one SignIn) bool {
			return one.isPending(now) && one.RedirectURI == client.RedirectURI && one.CodeVerifier.IsEmpty() != pkce
		})
		if begun = i < 0; begun {
			s.asked = slices.DeleteFunc(s.asked, func(one SignIn) bool { return now.Sub(one.AskedAt) >= SignInLife })
			i = len(s.asked)
			s.asked = append(s.asked, newSignIn(client.RedirectURI, pkce))
		}
		one := &s.asked[i]
		age := now.Sub(one.ShownAt)
		shown = one.ShownIn == Run() && -clockTolerance < age && age < showInterval
		isAgain := show && shown
		if !isAgain {
			one.AskedAt = now
		}
		if show && !shown {
			one.ShownIn, one.ShownAt = Run(), now
		}
		pending = *one
		return !isAgain
	})
	if begun && err == nil {
		e.nameSignIn(ctx, client, profile, pending.State)
	}
	return pending, shown, err
}

func newSignIn(redirectURI string, pkce bool) SignIn {
	s := SignIn{State: signInPrefix + rand.Text(), RedirectURI: redirectURI}
	if pkce {
		s.CodeVerifier = secret.New(rand.Text() + rand.Text()) // 52 characters of the alphabet of RFC 7636
	}
	return s
}

// SignInFailed stores how a browser sign-in ended, for the other processes of the run.
func (e *Engine) SignInFailed(ctx context.Context, client oauth.Client, profile string, failed FailedSignIn) error {
	return e.changeSignIns(context.WithoutCancel(ctx), client, profile, func(s *signIns) bool {
		s.failed = &failed
		return true
	})
}

// FailedSignIn returns the last failed browser sign-in under profile, or nil if there is none.
func (e *Engine) FailedSignIn(ctx context.Context, client oauth.Client, profile string) (*FailedSignIn, error) {
	text, err := e.Cache.Read(ctx, e.signInKey(client, profile), client.Secret)
	if err != nil {
		return nil, ignoreMissing(err)
	}
	return decodeSignIns(text).failed, nil
}

// finishSignIn returns the sign-in that the request's code and state belong to, and binds it to that code, so that no
// other code can finish it. The error is a [*SignInError] if no such sign-in is pending.
func (e *Engine) finishSignIn(ctx context.Context, request Request) (SignIn, error) {
	code := cache.NewKey("code", request.Grant.Credential.Reveal()).String()
	accepted, found := false, SignIn{}
	err := e.changeSignIns(ctx, request.Client, request.Profile, func(s *signIns) bool {
		i := slices.IndexFunc(s.asked, func(one SignIn) bool {
			return secret.New(one.State).Equal(secret.New(request.State)) && (one.Code == code || one.isPending(e.Now()))
		})
		if accepted = i >= 0; !accepted {
			return false
		}
		isNew := s.asked[i].Code == ""
		s.asked[i].Code = code
		found = s.asked[i]
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

// foreignSignIn returns an error that names the profile that the state of a request belongs to, if that is known.
func (e *Engine) foreignSignIn(ctx context.Context, request Request) error {
	text, err := e.Cache.Read(ctx, e.stateKey(request.Client, request.State), request.Client.Secret)
	var named namedState
	if err != nil || json.Unmarshal(text, &named) != nil || named.Profile == request.Profile {
		return &SignInError{Profile: request.Profile}
	}
	return &SignInError{Profile: request.Profile, AskedFor: &named.Profile}
}

// isOurs reports whether the code of the request was returned with the state of a sign-in that this provider requested.
func (r Request) isOurs() bool {
	return r.Grant.Type == oauth.AuthorizationCode && strings.HasPrefix(r.State, signInPrefix)
}

func (s SignIn) isPending(now time.Time) bool {
	age := now.Sub(s.AskedAt)
	return s.State != "" && s.Code == "" && -clockTolerance < age && age < SignInLife
}

// signIns is what is stored under client and profile.
type signIns struct {
	// asked are the sign-ins of the last hour. There are several if a person was asked for different redirect URIs, or
	// with and without PKCE. A finished one stays, because its code may have to be sent again.
	asked []SignIn
	// failed is the last browser sign-in that ended without a login, or nil.
	failed *FailedSignIn
}

// changeSignIns calls change with the sign-ins of a profile, and stores the result if change returns true.
func (e *Engine) changeSignIns(ctx context.Context, client oauth.Client, profile string, change func(*signIns) bool) error {
	key := e.signInKey(client, profile)
	for {
		claim, err := e.Cache.Claim(ctx, key)
		if err != nil {
			return err
		}
		err = changeClaimedSignIns(ctx, claim, client.Secret, change)
		e.end(ctx, claim)
		if !errors.Is(err, errOvertaken) {
			return err
		}
	}
}

func changeClaimedSignIns(ctx context.Context, claim *cache.Claim, sealer secret.Value, change func(*signIns) bool) error {
	text, err := claim.Read(ctx, sealer)
	if err := ignoreMissing(err); err != nil {
		return err
	}
	s := decodeSignIns(text)
	if !change(&s) {
		return nil
	}
	if text, err = s.encode(); err != nil {
		return err
	}
	return claim.Write(ctx, sealer, text, cache.Retained)
}

// ignoreMissing returns err, or nil if err says that there is nothing readable, because a sign-in can always be started
// over.
func ignoreMissing(err error) error {
	if _, unreadable := errors.AsType[*cache.UnreadableError](err); unreadable || errors.Is(err, cache.ErrNotFound) {
		return nil
	}
	return err
}

func (e *Engine) signInKey(client oauth.Client, profile string) cache.Key {
	return cache.NewKey("sign-in", e.Endpoint.Server.String(), client.ID, profile)
}

// namedState is what is stored about a state, so that a message can name the profile that a callback URL belongs to.
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
		e.log(ctx, "storing which profile a sign-in belongs to failed", map[string]any{"error": err.Error()})
	}
}

// storedSignIns is the JSON of what is stored under client and profile. Its names never change.
type storedSignIns struct {
	Asked  []storedSignIn `json:"asked"`
	Failed *FailedSignIn  `json:"failed,omitempty"`
}

type storedSignIn struct {
	State        string    `json:"state"`
	CodeVerifier string    `json:"code_verifier,omitempty"`
	RedirectURI  string    `json:"redirect_uri,omitempty"`
	AskedAt      time.Time `json:"asked_at"`
	ShownIn      string    `json:"shown_in,omitempty"`
	ShownAt      time.Time `json:"shown_at,omitzero"`
	Code         string    `json:"code,omitempty"`
}

func (s signIns) encode() ([]byte, error) {
	stored := storedSignIns{Failed: s.failed}
	for _, one := range s.asked {
		stored.Asked = append(stored.Asked, storedSignIn{one.State, one.CodeVerifier.Reveal(), one.RedirectURI, one.AskedAt, one.ShownIn, one.ShownAt, one.Code})
	}
	return json.Marshal(stored)
}

// decodeSignIns returns no sign-ins if text holds none.
func decodeSignIns(text []byte) (s signIns) {
	var stored storedSignIns
	if json.Unmarshal(text, &stored) != nil {
		return s
	}
	for _, one := range stored.Asked {
		s.asked = append(s.asked, SignIn{one.State, secret.New(one.CodeVerifier), one.RedirectURI, one.AskedAt, one.ShownIn, one.ShownAt, one.Code})
	}
	s.failed = stored.Failed
	return s
}
