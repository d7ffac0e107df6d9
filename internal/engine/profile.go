package engine

import (
	"context"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// A profile is a name for a login: its entry leads to the entry that the login's credential owns, and has no token.
// So a login that several profiles and the credential itself lead to has its refresh token in one place, and
// replacing it leaves no dead copy behind.

// profileKey names the entry of a profile.
func (e *Engine) profileKey(client oauth.Client, profile string) cache.Key {
	return cache.NewKey("profile", e.Endpoint.Server.String(), client.ID, profile)
}

// keepAs makes the profile of request lead to the login of s. Where it does already, nothing is written; it is
// never led back to a login that began before the one it holds. A failure is a warning: the login itself is stored.
func (e *Engine) keepAs(ctx context.Context, request Request, s *session, login Login) []error {
	profile := e.session(e.profileKey(request.Client, request.Profile), request.Client.Secret)
	if profile.remembered().leads(s.key) {
		return nil
	}
	failed := func(err error) []error {
		return []error{&ProfileNotStoredWarning{Profile: request.Profile, Err: err}}
	}
	// Like the login, its name is kept even if the run has been cancelled meanwhile.
	ctx = context.WithoutCancel(ctx)
	claim, err := e.Cache.Claim(ctx, profile.key)
	if err != nil {
		return failed(err)
	}
	defer e.end(ctx, claim)
	named := Request{Client: request.Client, Profile: request.Profile}
	found, _, _, err := profile.load(ctx, named)
	if err != nil {
		return failed(err)
	}
	if found.leads(s.key) {
		return nil
	}
	held := &Login{}
	if found.leadsTo != nil {
		if other, _, err := profile.follow(found).stored(ctx, named); err == nil && other.login != nil {
			held = other.login
		}
	}
	if login.SignedInAt.Before(held.SignedInAt) {
		return []error{&ProfileKeptWarning{Profile: request.Profile, Held: *held, Offered: login}}
	}
	if err := (&claimed{session: profile, claim: claim}).store(ctx, entry{leadsTo: &s.key}); err != nil {
		return failed(err)
	}
	if moved := !held.ExpiresAt.IsZero() && held.Principal != login.Principal; moved {
		return []error{&ProfileMovedWarning{Profile: request.Profile, From: held.Principal, To: login.Principal}}
	}
	return nil
}
