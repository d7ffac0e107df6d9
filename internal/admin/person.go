// Package admin asks GoTo who owns a token.
package admin

import (
	"encoding/json"
	"errors"
	"math"
	"time"
)

// Source is the API that described a person.
type Source string

// The APIs. SCIM knows less than the Admin API does.
const (
	AdminAPI Source = "admin"
	SCIM     Source = "scim"
)

// Person is the owner of a token. Values that are not in the reply are nil or zero. This is common for people who are
// not administrators.
type Person struct {
	Source     Source    `json:"-"`
	Key        string    `json:"key"`
	AccountKey string    `json:"accountKey"` // of the default account
	Email      string    `json:"email"`
	FirstName  string    `json:"firstName"`
	LastName   string    `json:"lastName"`
	Locale     string    `json:"locale"`
	AdminRoles []string  `json:"adminRoles"`
	Accounts   []Account `json:"accounts"`
	Products   []string  `json:"products"`
	CreatedAt  time.Time `json:"-"`
}

// Account is an account that a person belongs to.
type Account struct {
	Key        string   `json:"key"`
	Name       string   `json:"name"`
	AdminRoles []string `json:"adminRoles"`
}

// key is an identifier of up to 26 digits, which GoTo sends as a string or as a number. It is never converted to a
// float, which would lose digits.
type key string

// UnmarshalJSON implements [json.Unmarshaler].
func (k *key) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil { // null as well
		*k = key(text)
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	*k = key(number)
	return nil
}

// decodePerson reads the body of a successful reply of the Admin API.
func decodePerson(body []byte) (Person, error) {
	var reply struct {
		Person
		// These take precedence over the fields of the same name in Person.
		Key        key `json:"key"`
		AccountKey key `json:"accountKey"`
		Accounts   []struct {
			Account
			Key key `json:"key"`
		} `json:"accounts"`
		CreateTime *float64 `json:"createTime"` // milliseconds since 1970
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return Person{}, errors.New("the reply is not the JSON object that is documented for GET Me")
	}
	person := reply.Person
	person.Key, person.AccountKey = string(reply.Key), string(reply.AccountKey)
	for _, account := range reply.Accounts {
		account.Account.Key = string(account.Key)
		person.Accounts = append(person.Accounts, account.Account)
	}
	if ms := reply.CreateTime; ms != nil && *ms > 0 && *ms < math.MaxInt64/2 {
		person.CreatedAt = time.UnixMilli(int64(*ms)).UTC()
	}
	return person, nil
}
