package engine

import (
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// failureMemory is how long a failed token request answers for those who ask the same in this
// process: a hundred blocks with one dead credential are one refused request, not a hundred. It is
// short, because a process may live longer than a walk.
const failureMemory = 15 * time.Second

type failure struct {
	request Request
	err     error
	at      time.Time
}

// recentFailure returns how the same request for the entry at key has just failed, nil if it has not.
func (e *Engine) recentFailure(key cache.Key, request Request) error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	known, found := e.failures[key]
	age := e.Now().Sub(known.at)
	if !found || age < 0 || age > failureMemory || !known.request.asks(request) {
		return nil
	}
	return known.err
}

func (e *Engine) rememberFailure(key cache.Key, request Request, err error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.failures == nil {
		e.failures = map[cache.Key]failure{}
	}
	e.failures[key] = failure{request, err, e.Now()}
}

// asks tells whether other would send the same as r for one and the same entry.
func (r Request) asks(other Request) bool {
	return r.Client.ID == other.Client.ID && r.Client.RedirectURI == other.Client.RedirectURI &&
		r.Client.Secret.Equal(other.Client.Secret) &&
		r.Grant.Type == other.Grant.Type && r.Grant.Credential.Equal(other.Grant.Credential) &&
		r.Grant.CodeVerifier.Equal(other.Grant.CodeVerifier)
}
