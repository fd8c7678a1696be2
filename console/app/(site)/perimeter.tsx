// The picture of the landing page: an endpoint, its perimeter with one gate, who gets through and who does not.

import styles from './perimeter.module.css';

export function Perimeter() {
  return (
    <svg
      viewBox="0 0 460 380"
      className={styles.picture}
      role="img"
      aria-label="Two clients of the allowed network reach Postgres through the gate in its perimeter. A client of another network is dropped at the perimeter."
    >
      <circle cx="290" cy="190" r="118" className={styles.inside} />
      <circle cx="290" cy="190" r="118" className={styles.wall} pathLength="360" strokeDasharray="328 32" strokeDashoffset="-196" />

      <path d="M104 104 C 140 132 150 178 190 188" className={styles.allowed} />
      <path d="M104 190 H 244" className={styles.allowed} />
      <path d="M104 302 C 132 302 150 290 170 274" className={styles.dropped} />
      <path d="M165 265 l 12 12 m 0 -12 l -12 12" className={styles.cross} />

      <Client y={104} address="192.0.2.14" />
      <Client y={190} address="192.0.2.80" />
      <Client y={302} address="203.0.113.9" isOther />

      <g className={styles.server}>
        <ellipse cx="290" cy="166" rx="34" ry="12" />
        <path d="M256 166 v48 a34 12 0 0 0 68 0 v-48" />
        <path d="M256 190 a34 12 0 0 0 68 0" />
      </g>
      <text x="290" y="252" className={styles.name}>
        shop-main
      </text>
      <text x="290" y="270" className={styles.note}>
        Postgres 17
      </text>
      <text x="290" y="338" className={styles.note}>
        allow 192.0.2.0/24 · perimeter verified
      </text>
    </svg>
  );
}

function Client({ y, address, isOther }: { y: number; address: string; isOther?: boolean }) {
  return (
    <g transform={`translate(16 ${y - 16})`}>
      <rect width="88" height="32" rx="7" className={isOther ? styles.stranger : styles.client} />
      <text x="44" y="20.5" className={styles.address}>
        {address}
      </text>
    </g>
  );
}
