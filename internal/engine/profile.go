package engine

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// storeProfile makes the profile of request lead to the login of s, unless it leads to a login that began later. A
// failure is only a warning, because the login itself is stored.
func (e *Engine) storeProfile(ctx context.Context, request Request, s *session, login Login) []Warning {
	profile := e.session(e.profileKey(request.Client, request.Profile), request.Client.Secret)
	named := Request{Client: request.Client, Profile: request.Profile}
	if profile.remembered().leads(s.key) {
		return nil
	}
	// Like the login, its name is stored even if the run is canceled, but a canceled run does not wait long for its
	// turn.
	run := ctx
	ctx, cancel := context.WithCancel(context.WithoutCancel(run))
	defer cancel()
	defer context.AfterFunc(run, func() { time.AfterFunc(profileWait, cancel) })()
	for {
		found, _, err := profile.load(ctx, named, nil)
		if err == nil && found.leads(s.key) {
			return nil
		}
		warnings, err := e.moveProfile(ctx, profile, named, s, login)
		if errors.Is(err, errOvertaken) {
			continue // another run has moved the profile in the meantime
		}
		if err != nil {
			return []Warning{ProfileNotStoredWarning{Err: err}}
		}
		return warnings
	}
}

// profileWait is how long a canceled run waits for a profile that another process has claimed.
const profileWait = 2 * time.Second

// moveProfile makes profile lead to the login of s, unless that is older than the one it leads to.
func (e *Engine) moveProfile(ctx context.Context, profile *session, named Request, s *session, login Login) ([]Warning, error) {
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
	if err := (&claimedSession{session: profile, claim: claim}).store(ctx, entry{leadsTo: &s.key}); err != nil {
		return nil, err
	}
	if held != nil && held.Principal != login.Principal {
		return []Warning{ProfileMovedWarning{From: *held, To: login}}, nil
	}
	return nil, nil
}

// isOlder reports whether login began before held. A login whose beginning is unknown comes from the first format, so
// it is the older one. If held began in the future, a clock was wrong, and login counts as newer.
func (e *Engine) isOlder(login, held Login) bool {
	if held.SignedInAt.After(e.Now().Add(clockTolerance)) {
		return false
	}
	return login.SignedInAt.IsZero() || login.SignedInAt.Before(held.SignedInAt)
}

// profileKey returns the key of a profile's entry. The entry has no token: it leads to the entry of the credential that
// began the login. So the refresh token of a login with several profiles is in one place.
func (e *Engine) profileKey(client oauth.Client, profile string) cache.Key {
	return cache.NewKey("profile", e.Endpoint.Server.String(), client.ID, profile)
}
