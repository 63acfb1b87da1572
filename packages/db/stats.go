package db

// PoolStats are the seed's three figures, at one moment.
type PoolStats struct {
	TotalCount   int `json:"totalCount"`   // connections open or being opened
	IdleCount    int `json:"idleCount"`    // connections that nobody holds
	WaitingCount int `json:"waitingCount"` // callers that wait because all connections are held
}

// GetPoolStats returns the pool's figures. It touches no connection and waits for none.
func (p *Pool) GetPoolStats() PoolStats { return p.conns.stats() }
