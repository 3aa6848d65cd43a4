/** For `map`: the element of a [rows][columns] matrix that stands at each place of its transpose. */
export function transposed(matrix: ArrayLike<number>, rows: number, columns: number) {
  return (_: number, i: number): number => matrix[(i % rows) * columns + Math.floor(i / rows)];
}
