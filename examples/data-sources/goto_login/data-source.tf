data "goto_login" "example" {
  profile = "example"
}

# Shows who is signed in, and until when.
output "login" {
  value = data.goto_login.example
}

# Warns if nobody is signed in, or if the login ends within ten days. A login in use never gets that old, because GoTo
# replaces its refresh token 12 days before the end.
check "login" {
  assert {
    condition = data.goto_login.example.signed_in && timecmp(
      coalesce(data.goto_login.example.refresh_token_expires_at, "9999-12-31T00:00:00Z"), # if the time is unknown
      timeadd(plantimestamp(), "240h"),
    ) > 0
    error_message = "Sign in to GoTo again under the profile \"example\", before a run fails."
  }
}
