package engine

import (
	"context"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// unsaved is a login that the server has given and the cache has refused.
type unsaved struct {
	login Login
	// before is what was stored then, the zero login: nothing.
	before Login
}

// unsavedKey names an unsaved login. The client secret is part of it, as it is of what a stored one is
// sealed with: under another secret the login is neither handed out nor stored.
func unsavedKey(key cache.Key, request Request) cache.Key {
	return cache.NewKey("unsaved", key.String(), request.Client.Secret.Reveal())
}

// save stores login in place of before, nil: of nothing.
func (e *Engine) save(ctx context.Context, key cache.Key, request Request, login Login, before *Login) error {
	text, err := login.encode()
	if err == nil {
		err = e.Cache.Write(ctx, key, request.Client.Secret, text)
	}
	if err == nil {
		e.forgetUnsaved(key, request)
		return nil
	}
	kept, found := e.unsavedLogin(key, request)
	if !found && before != nil {
		kept.before = *before
	}
	kept.login = login
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.unsaved == nil {
		e.unsaved = map[cache.Key]unsaved{}
	}
	e.unsaved[unsavedKey(key, request)] = kept
	return err
}

// saveAgain tries to store what could not be stored before; usually there is nothing to do.
func (e *Engine) saveAgain(ctx context.Context, key cache.Key, request Request) []error {
	kept, found := e.unsavedLogin(key, request)
	if !found {
		return nil
	}
	if err := e.save(ctx, key, request, kept.login, nil); err != nil {
		return []error{&NotStoredWarning{Grant: request.Grant.Type, Profile: request.Profile, Err: err}}
	}
	return nil
}

func (e *Engine) unsavedLogin(key cache.Key, request Request) (unsaved, bool) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	kept, found := e.unsaved[unsavedKey(key, request)]
	return kept, found
}

func (e *Engine) forgetUnsaved(key cache.Key, request Request) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	delete(e.unsaved, unsavedKey(key, request))
}
