package engine

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// keepAs makes the profile of request lead to the login of s, unless it does already or leads to a login that began
// later. A failure is only a warning, because the login itself is stored.
func (e *Engine) keepAs(ctx context.Context, request Request, s *session, login Login) []Warning {
	profile := e.session(e.profileKey(request.Client, request.Profile), request.Client.Secret)
	named := Request{Client: request.Client, Profile: request.Profile}
	if profile.remembered().leads(s.key) {
		return nil
	}
	// Like the login, its name is stored even if the run was canceled in the meantime, if that takes no time.
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
			continue // another run has moved the profile in the meantime
		}
		if err != nil {
			return []Warning{ProfileNotStoredWarning{Err: err}}
		}
		return warnings
	}
}

// farewell is how long a canceled run waits for its turn to store a profile.
const farewell = 2 * time.Second

// move makes profile lead to the login of s, unless that is older than the one it leads to.
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

// isOlder reports whether login began before held. A login with no known beginning comes from the first format, and so
// it is older than all others. A beginning in the future comes from a wrong clock, and protects nothing.
func (e *Engine) isOlder(login, held Login) bool {
	if held.SignedInAt.After(e.Now().Add(clockTolerance)) {
		return false
	}
	return login.SignedInAt.IsZero() || login.SignedInAt.Before(held.SignedInAt)
}

// A profile is a name for a login: its entry has no token, and leads to the entry of the login's credential. So a login
// that several profiles lead to has its refresh token in one place, and replacing it leaves no dead copy behind.

// profileKey returns the key of a profile's entry.
func (e *Engine) profileKey(client oauth.Client, profile string) cache.Key {
	return cache.NewKey("profile", e.Endpoint.Server.String(), client.ID, profile)
}
