using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Bxb.Host.Operations;

/// <summary>Writes OpenTelemetry's metrics in Prometheus's text format, version 0.0.4 (<c>prometheus.io/docs/instrumenting/exposition_formats</c>).</summary>
internal static class PrometheusText
{
    /// <summary>Appends one metric with all its points. A counter's name ends in <c>_total</c>, a unit is part of the name.</summary>
    public static void Write(StringBuilder text, Metric metric)
    {
        var kind = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => "counter",
            MetricType.Histogram => "histogram",
            _ => "gauge",
        };
        var name = Name(metric.Name, metric.Unit) + (kind == "counter" ? "_total" : "");
        if (!string.IsNullOrEmpty(metric.Description))
        {
            text.Append("# HELP ").Append(name).Append(' ').Append(metric.Description.Replace("\\", @"\\").Replace("\n", @"\n")).Append('\n');
        }

        text.Append("# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(metric.MeterName, point.Tags);
            switch (metric.MetricType)
            {
                case MetricType.Histogram:
                    WriteHistogram(text, name, labels, in point);
                    break;
                case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                    Line(text, name, labels, point.GetSumLong());
                    break;
                case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                    Line(text, name, labels, point.GetSumDouble());
                    break;
                case MetricType.LongGauge:
                    Line(text, name, labels, point.GetGaugeLastValueLong());
                    break;
                case MetricType.DoubleGauge:
                    Line(text, name, labels, point.GetGaugeLastValueDouble());
                    break;
                default:
                    break;
            }
        }
    }

    private static void WriteHistogram(StringBuilder text, string name, string labels, in MetricPoint point)
    {
        long count = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            var bound = double.IsPositiveInfinity(bucket.ExplicitBound) ? "+Inf" : Number(bucket.ExplicitBound);
            Line(text, name + "_bucket", labels + ",le=\"" + bound + "\"", count);
        }

        Line(text, name + "_sum", labels, point.GetHistogramSum());
        Line(text, name + "_count", labels, point.GetHistogramCount());
    }

    private static void Line(StringBuilder text, string name, string labels, double value)
        => text.Append(name).Append('{').Append(labels).Append("} ").Append(Number(value)).Append('\n');

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Labels(string meter, ReadOnlyTagCollection tags)
    {
        var labels = new StringBuilder("otel_scope_name=\"").Append(meter).Append('"');
        foreach (var (key, value) in tags)
        {
            var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            labels.Append(',').Append(Clean(key)).Append("=\"").Append(text.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n")).Append('"');
        }

        return labels.ToString();
    }

    private static string Name(string name, string? unit)
    {
        var suffix = unit switch
        {
            null or "" or "1" => "",
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            _ when unit.StartsWith('{') => "",
            _ => "_" + Clean(unit),
        };
        var clean = Clean(name);
        return suffix.Length > 0 && clean.EndsWith(suffix, StringComparison.Ordinal) ? clean : clean + suffix;
    }

    private static string Clean(string name) => string.Create(name.Length, name, static (span, source) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = char.IsAsciiLetterOrDigit(source[i]) && !(i == 0 && char.IsAsciiDigit(source[i])) ? source[i] : '_';
        }
    });
}
