package engine

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// keepAs makes the profile of request lead to the login of s. Where it does already, nothing is written; it is
// never led back to a login that began before the one it holds. A failure is a warning: the login itself is stored.
func (e *Engine) keepAs(ctx context.Context, request Request, s *session, login Login) []Warning {
	profile := e.session(e.profileKey(request.Client, request.Profile), request.Client.Secret)
	named := Request{Client: request.Client, Profile: request.Profile}
	if profile.remembered().leads(s.key) {
		return nil
	}
	// Like the login, its name is kept even if the run has been cancelled meanwhile, where that takes no time.
	run := ctx
	ctx, cancel := context.WithCancel(context.WithoutCancel(run))
	defer cancel()
	defer context.AfterFunc(run, func() { time.AfterFunc(farewell, cancel) })()
	for {
		found, _, err := profile.load(ctx, named, nil)
		if err == nil && found.leads(s.key) {
			return nil
		}
		warnings, err := e.move(ctx, profile, named, s, login)
		if errors.Is(err, errOvertaken) {
			continue // another run has moved the profile meanwhile
		}
		if err != nil {
			return []Warning{ProfileNotStoredWarning{Err: err}}
		}
		return warnings
	}
}

// farewell is how long a cancelled run waits for its turn to keep a profile.
const farewell = 2 * time.Second

// move leads profile to the login of s, if that is not older than the one it leads to.
func (e *Engine) move(ctx context.Context, profile *session, named Request, s *session, login Login) ([]Warning, error) {
	claim, err := e.Cache.Claim(ctx, profile.key)
	if err != nil {
		return nil, err
	}
	defer e.end(ctx, claim)
	found, _, err := profile.load(ctx, named, claim)
	if err != nil || found.leads(s.key) {
		return nil, err
	}
	var held *Login
	if found.leadsTo != nil {
		if other, _, err := profile.follow(found).stored(ctx, named, nil); err == nil {
			held = other.login
		}
	}
	if held != nil && e.isOlder(login, *held) {
		return []Warning{ProfileKeptWarning{Held: *held, Offered: login}}, nil
	}
	if err := (&claimed{session: profile, claim: claim}).store(ctx, entry{leadsTo: &s.key}); err != nil {
		return nil, err
	}
	if held != nil && held.Principal != login.Principal {
		return []Warning{ProfileMovedWarning{From: *held, To: login}}, nil
	}
	return nil, nil
}

// isOlder tells whether login began before held. One of unknown beginning is from the first format, and so older than
// all others; a beginning in the future comes from a clock that was wrong, and keeps nothing in its place.
func (e *Engine) isOlder(login, held Login) bool {
	if held.SignedInAt.After(e.Now().Add(clockTolerance)) {
		return false
	}
	return login.SignedInAt.IsZero() || login.SignedInAt.Before(held.SignedInAt)
}

// A profile is a name for a login: its entry leads to the entry that the login's credential owns, and has no token.
// So a login that several profiles and the credential itself lead to has its refresh token in one place, and
// replacing it leaves no dead copy behind.

// profileKey names the entry of a profile.
func (e *Engine) profileKey(client oauth.Client, profile string) cache.Key {
	return cache.NewKey("profile", e.Endpoint.Server.String(), client.ID, profile)
}
