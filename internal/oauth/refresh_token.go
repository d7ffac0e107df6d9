package oauth

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// RefreshTokenLifetime is how long a refresh token lasts from its issue (GoTo guide "How to obtain
// and use refresh tokens").
const RefreshTokenLifetime = 30 * 24 * time.Hour

// RefreshTokenExpiry returns when refreshToken expires according to the token itself, which GoTo usually issues as a
// JWT (RFC 7519 section 4.1.4). It returns the zero time if that cannot be read, because nothing may depend on the
// contents of a token.
func RefreshTokenExpiry(refreshToken secret.Value) time.Time {
	parts := strings.Split(refreshToken.Reveal(), ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Expiry float64 `json:"exp"` // seconds since 1970
	}
	const year2000, year2200 = 946684800, 7258118400
	if json.Unmarshal(payload, &claims) != nil || claims.Expiry < year2000 || claims.Expiry > year2200 {
		return time.Time{}
	}
	return time.Unix(int64(claims.Expiry), 0).UTC()
}
