import type { Site } from './api.js';

type City = Omit<Site, 'version' | 'name'>;

const city = (
  id: string,
  tier: Site['tier'],
  [city, region, country]: readonly [string, string, string],
  [street, house, postalCode]: readonly [string, string, string],
  [latitude, longitude, altitude]: readonly [number, number, number],
): City => ({ id, tier, city, region, country, street, house, postalCode, latitude, longitude, altitude });

/** Where sites may stand, in the order in which an operator that grows opens them. */
export const cities: readonly City[] = [
  city(
    'fra1',
    'central',
    ['Frankfurt am Main', 'Hessen', 'DE'],
    ['Hanauer Landstraße', '305', '60314'],
    [50.1188, 8.7235, 112],
  ),
  city(
    'muc1',
    'regional',
    ['München', 'Bayern', 'DE'],
    ['Landsberger Straße', '155', '80687'],
    [48.1407, 11.5237, 520],
  ),
  city(
    'lys1',
    'regional',
    ['Lyon', 'Auvergne-Rhône-Alpes', 'FR'],
    ['Rue de Gerland', '78', '69007'],
    [45.7323, 4.8345, 170],
  ),
  city('nue1', 'edge', ['Nürnberg', 'Bayern', 'DE'], ['Fürther Straße', '212', '90429'], [49.4562, 11.0408, 309]),
  city(
    'gnb1',
    'edge',
    ['Grenoble', 'Auvergne-Rhône-Alpes', 'FR'],
    ['Avenue Rhin et Danube', '34', '38100'],
    [45.1742, 5.7063, 213],
  ),
  city('bou1', 'edge', ['Boulder', 'Colorado', 'US'], ['Arapahoe Avenue', '5505', '80303'], [40.0146, -105.2281, 1624]),
  city('reg1', 'edge', ['Regensburg', 'Bayern', 'DE'], ['Frankenstraße', '9', '93059'], [49.0301, 12.1094, 337]),
  city('iad1', 'central', ['Ashburn', 'Virginia', 'US'], ['Waxpool Road', '44461', '20147'], [39.0181, -77.4764, 93]),
  city(
    'den1',
    'regional',
    ['Denver', 'Colorado', 'US'],
    ['East Hampden Avenue', '7300', '80231'],
    [39.6536, -104.9052, 1684],
  ),
  city(
    'mad1',
    'regional',
    ['Madrid', 'Comunidad de Madrid', 'ES'],
    ['Calle de Albasanz', '71', '28037'],
    [40.4355, -3.6263, 685],
  ),
  city(
    'ral1',
    'edge',
    ['Raleigh', 'North Carolina', 'US'],
    ['Capital Boulevard', '3108', '27604'],
    [35.8179, -78.6019, 88],
  ),
  city(
    'fcs1',
    'edge',
    ['Fort Collins', 'Colorado', 'US'],
    ['South College Avenue', '2721', '80525'],
    [40.5528, -105.0778, 1532],
  ),
  city('tls1', 'edge', ['Toulouse', 'Occitanie', 'FR'], ['Route de Bayonne', '142', '31300'], [43.6011, 1.4006, 146]),
  city('zaz1', 'edge', ['Zaragoza', 'Aragón', 'ES'], ['Avenida de Navarra', '103', '50017'], [41.6557, -0.9124, 208]),
  city('grz1', 'edge', ['Graz', 'Steiermark', 'AT'], ['Kärntner Straße', '248', '8054'], [47.0408, 15.4136, 353]),
  city('vie1', 'regional', ['Wien', 'Wien', 'AT'], ['Louis-Häfliger-Gasse', '10', '1210'], [48.2735, 16.4021, 162]),
  city('lin1', 'edge', ['Linz', 'Oberösterreich', 'AT'], ['Salzburger Straße', '267', '4030'], [48.2561, 14.2926, 266]),
  city('tur1', 'edge', ['Torino', 'Piemonte', 'IT'], ['Corso Svizzera', '185', '10149'], [45.0869, 7.6582, 239]),
  city('mil1', 'regional', ['Milano', 'Lombardia', 'IT'], ['Via Savona', '125', '20144'], [45.4474, 9.1476, 120]),
  city(
    'bcn1',
    'edge',
    ['Barcelona', 'Catalunya', 'ES'],
    ['Carrer de la Selva de Mar', '140', '08019'],
    [41.4115, 2.2113, 7],
  ),
  city(
    'pit1',
    'edge',
    ['Pittsburgh', 'Pennsylvania', 'US'],
    ['Penn Avenue', '6425', '15206'],
    [40.4573, -79.9161, 282],
  ),
  city(
    'chi1',
    'regional',
    ['Chicago', 'Illinois', 'US'],
    ['East Cermak Road', '350', '60616'],
    [41.8532, -87.6186, 181],
  ),
  city(
    'mke1',
    'edge',
    ['Milwaukee', 'Wisconsin', 'US'],
    ['North Water Street', '731', '53202'],
    [43.0386, -87.9096, 188],
  ),
  city('kra1', 'edge', ['Kraków', 'Małopolskie', 'PL'], ['Aleja Pokoju', '18', '31564'], [50.0583, 19.9673, 205]),
];
