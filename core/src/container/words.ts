const list = (words: string): readonly string[] => words.trim().split(/\s+/);

/** First halves of generated container names. */
export const ADJECTIVES = list(`
  able airy amber ample apt astute autumn balmy bold brave breezy bright brisk calm candid careful cheery
  civil clear clever coastal cosy crisp curious daring deft dewy diligent eager early earnest easy elated fair
  fearless festive fluent fond free fresh frosty gallant genial gentle glad golden graceful grand happy hardy
  hearty helpful honest humble jaunty jolly jovial joyful keen kind lively loyal lucid lucky mellow merry mild
  mindful misty modest neat nimble noble patient placid playful plucky polite proud prudent quick quiet ready
  rested rosy serene sharp silent sincere sleek smooth snug sober spry stable steady sturdy subtle sunny sure
  swift tender thrifty tidy tranquil trusty upbeat valiant vivid warm wise witty zesty
`);

/** Second halves: people of science, engineering and navigation. */
export const SURNAMES = list(`
  abel agnesi airy ampere anning archimedes aryabhata avicenna babbage banneker bardeen bartik bell bernoulli
  blackwell bohr boole bose brahe brunel cannon carson cartwright cauchy cavendish chandra chatelet clarke cohn
  cook copernicus cori coulomb curie dalton darwin davy descartes dijkstra dirac earhart einstein elion euclid
  euler faraday fermat fermi feynman flamsteed franklin fresnel galileo galois gauss germain gilbert goldberg
  goodall gosling halley hamilton harrison heisenberg herschel hertz hilbert hodgkin hooke hopper hubble humboldt
  huygens hypatia jackson jemison johnson joliot kalam kepler khayyam kilby kirch knuth kovalevskaya lagrange
  lalande lamarr laplace leavitt leibniz lovelace lumiere magellan maxwell mayer mccarthy mcclintock meitner
  mendel mercator mirzakhani mitchell moser nansen newton nightingale nobel noether ohm payne perlman pike planck
  poincare ptolemy ramanujan raman ride ritchie rubin sammet shannon sinoussi snell somerville stokes swirles
  tereshkova tesla thompson torvalds turing villani volta wallis watt wiles wilkes wing wozniak wright wu yonath
`);
