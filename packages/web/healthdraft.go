package web

const healthType = "application/health+json"

// draft is the health answer of draft-inadarei-api-health-check.
type draft struct {
	Status string                  `json:"status"` // pass or fail
	Checks map[string][]draftCheck `json:"checks"`
}

type draftCheck struct {
	ComponentType string `json:"componentType"`
	ObservedValue int64  `json:"observedValue"`
	ObservedUnit  string `json:"observedUnit"`
	Status        string `json:"status"`
	Time          string `json:"time"`
}

func draftHealth(b healthBody) draft {
	database := "pass"
	if b.Status == statusUnhealthy {
		database = "fail"
	}
	check := func(value int64, unit string) []draftCheck {
		return []draftCheck{{"datastore", value, unit, database, b.Timestamp}}
	}
	whole := "pass"
	if b.Status != statusHealthy {
		whole = "fail"
	}
	return draft{Status: whole, Checks: map[string][]draftCheck{
		"database:responseTime":    check(b.LatencyMs, "ms"),
		"database:connections":     check(int64(b.PoolStats.TotalCount), "connections"),
		"database:idleConnections": check(int64(b.PoolStats.IdleCount), "connections"),
		"database:waitingRequests": check(int64(b.PoolStats.WaitingCount), "requests"),
	}}
}
