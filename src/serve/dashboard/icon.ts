/** A tide that comes up to its mark. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#0b6670"/>
<path d="M6 10h20" stroke="#ffd479" stroke-width="2.5" stroke-linecap="round"/>
<path d="M3 18q3.25-3.5 6.5 0t6.500 0 6.500 0 6.500 0v8a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3z" fill="#bff0ec"/>
</svg>
`;
