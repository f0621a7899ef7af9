using System.Xml.Linq;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>A part of a report.</summary>
/// <param name="Id">What a link to it ends in; unique in the report.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Content">HTML elements.</param>
internal sealed record ReportSection(string Id, string Title, params IEnumerable<XElement> Content);
