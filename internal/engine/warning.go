package engine

import (
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// Warning is something that people should know although the run continues. It is one of the types below.
type Warning interface{ isWarning() }

// ShortTokenWarning says that the server issues tokens that expire before MinValidity is over.
type ShortTokenWarning struct{ Left time.Duration }

// ExpiringLoginWarning says that the refresh token expires soon and that the server has not replaced it.
type ExpiringLoginWarning struct{ At time.Time }

// UnreadableWarning says that an entry of the cache was ignored.
type UnreadableWarning struct{ Err *cache.UnreadableError }

// NotStoredWarning says that a new login could not be stored: this process can use it, the next one cannot.
type NotStoredWarning struct {
	Grant oauth.GrantType // what was configured; empty for the login of a profile
	Err   error
}

// ProfileNotStoredWarning says that a login could not be stored under the profile.
type ProfileNotStoredWarning struct{ Err error }

// ProfileMovedWarning says that the profile named one person's login and now names another's.
type ProfileMovedWarning struct{ From, To Login }

// ProfileKeptWarning says that the profile was not moved, because the login it leads to began later.
type ProfileKeptWarning struct{ Held, Offered Login }

// ReplacedWarning says that the server has replaced the configured refresh token while the cache is off, so that the
// new one is not stored.
type ReplacedWarning struct{}

func (ShortTokenWarning) isWarning()       {}
func (ExpiringLoginWarning) isWarning()    {}
func (UnreadableWarning) isWarning()       {}
func (NotStoredWarning) isWarning()        {}
func (ProfileNotStoredWarning) isWarning() {}
func (ProfileMovedWarning) isWarning()     {}
func (ProfileKeptWarning) isWarning()      {}
func (ReplacedWarning) isWarning()         {}
